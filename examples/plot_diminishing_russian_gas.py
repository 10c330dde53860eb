"""What takes the place of Russian gas in Europe, from 2021 to the end of the EU's legal calendar?

The years 2021 to 2027 are solved one after the other, to 2025 as observed and then with contracts as signed or with
the EU ban. The figure shows Russian gas on routes that end in the EU and the Balkans, and the price.
"""

import matplotlib.pyplot as plt

import energyflows as ef

YEARS = (2021, 2027)
FIGURE = "diminishing_russian_gas.png"
GROUPS = {
    "Nord Stream and Yamal": ["NORDSTREAM", "YAMAL"],
    "Ukraine": ["UATRANSIT"],
    "TurkStream 2": ["TURKSTREAM2"],
    "Baltic and Finland": ["RUBALTIC", "IMATRA"],
}

tables = ef.load_tables()
zones = tables["zones"]
members = zones.loc[(zones["kind"] == "market") & zones["eu"], "zone"].tolist()
ds = ef.run(["reference", "eu-phase-out"], years=YEARS)
compared = ef.compare(ds, groups={"EU27": members})

supply = compared["supply"].query("origin == 'RU'")
flows = compared["flows"].query("link == 'LNGRU-LNGEU'")


def list_russian(scenario):
    """Return Russian gas by year and route, TWh."""
    piped = supply[supply["scenario"] == scenario].pivot_table(
        index="year", columns="route", values="supply_twh", aggfunc="sum"
    )
    table = piped.T.groupby({route: name for name, routes in GROUPS.items() for route in routes}).sum().T
    return table.assign(LNG=flows[flows["scenario"] == scenario].set_index("year")["flow_twh"])


kept, banned = list_russian("reference"), list_russian("eu-phase-out")
price = compared["headline"].reset_index().pivot_table(index="year", columns="scenario", values="price_eur_mwh")
first, last = YEARS
print(f"Russian gas on these routes, {first} → {last}: {kept.loc[first].sum():.0f} → {kept.loc[last].sum():.0f} TWh")
print(f"  with the EU ban:                        {banned.loc[first].sum():.0f} → {banned.loc[last].sum():.0f} TWh")
end = price.loc[last]
print(f"EU price in {last}: {end['reference']:.1f} → {end['eu-phase-out']:.1f} EUR/MWh by the ban")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
banned.plot.bar(ax=left, stacked=True)
left.plot(range(len(kept)), kept.sum(axis=1), "k--", label="all, without the ban")
left.legend()
left.set(xlabel="", ylabel="TWh", title="Russian gas with the EU ban")
price.plot(ax=right, marker="o")
right.set(xlabel="", ylabel="EUR/MWh", ylim=(0, None), title="Mean price in the EU, weighted by demand")
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
