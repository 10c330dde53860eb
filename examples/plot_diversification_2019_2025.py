"""How did the EU's gas supply and its measures of diversification move from 2019 to 2025?

Every year is solved as observed. The left figure shows the origins of what the EU27 consumes, the right one the
concentration of its supply with the Russian contribution to it. Gas mixes where it meets; own production is an origin.
"""

import matplotlib.pyplot as plt

import energyflows as ef
from energyflows.summary import sum_areas, summarise_metrics

YEARS = (2019, 2025)
FIGURE = "diversification_2019_2025.png"
#: Okabe and Ito's colours.
COLOURS = {
    "NO": "#009E73",
    "RU": "#CC79A7",
    "US": "#0072B2",
    "DZ": "#E69F00",
    "QA": "#D55E00",
    "AZ": "#F0E442",
    "EU27": "#56B4E9",
    "other": "#8C8C8C",
}

tables = ef.load_tables()
members = set(tables["zones"].query("eu")["country"])
results = ef.run(years=YEARS, tables=tables)
volume = sum_areas(results, tables).sel(area="EU27")
metrics = summarise_metrics(results, tables)
eu = metrics[metrics["area"] == "EU27"].set_index("year")

named = {origin: "EU27" if origin in members else origin for origin in volume["origin"].to_numpy()}
mix = volume.to_pandas().T.groupby(lambda origin: named[origin] if named[origin] in COLOURS else "other").sum().T
first, last = YEARS
for label, column in (("HHI", "hhi"), ("Effective number of suppliers", "effective_suppliers")):
    print(f"{label} of the EU27, {first} → {last}: {eu.at[first, column]:.3f} → {eu.at[last, column]:.3f}")
for origin in ("RU", "US", "AZ"):
    share = mix[origin] / mix.sum(axis=1)
    print(f"Share of {origin}: {100 * share[first]:.1f} → {100 * share[last]:.1f} %")
members = metrics[metrics["area"] != "EU27"].pivot_table(index="area", columns="year", values="ru_contribution")
most = members[last].nlargest(3)
print(f"Largest Russian contributions to an HHI, {last}: " + ", ".join(f"{a} {v:.2f}" for a, v in most.items()))

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
mix[list(COLOURS)].plot.bar(ax=left, stacked=True, color=COLOURS, width=0.8)
left.set(xlabel="", ylabel="TWh a year", title="Origin of gas consumed in the EU27")
left.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
eu["hhi"].plot(ax=right, color="black", marker="o", label="HHI")
eu["ru_contribution"].plot.area(ax=right, color=COLOURS["RU"], label="Russian contribution")
eu["supplier_concentration_index"].plot(ax=right, color="#0072B2", marker="s", label="SCI (gas from outside the EEA)")
right.set(xlabel="", ylabel="1", ylim=(0, None), title="Concentration of supply")
right.legend()
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
