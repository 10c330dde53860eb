"""How much gas crosses from Türkiye to Bulgaria once TurkStream may mix with the Turkish grid?

TurkStream's second string passes Türkiye without touching its grid. Scenario turkish-hub opens a way between both,
adds the Russian gas the string has room for, and widens the border. Here the opening is varied. What crosses is a
Turkish mix by molecules and Turkish by label; how much of it is Russian depends on who counts.
"""

import matplotlib.pyplot as plt

import energyflows as ef
from energyflows.scenarios import set_parameters

OPENINGS = [0.0, 50.0, 100.0, 200.0, 400.0]
FIGURE = "turkish_hub.png"
SHOWN = {
    "TURKSTREAM2-TR": "TurkStream 2 to Türkiye",
    "TURKSTREAM2-BALKANSTREAM": "TurkStream 2 to Bulgaria",
    "TR-BG": "Türkiye to Bulgaria",
    "LNGTR-TR": "LNG to Türkiye",
}

hub = ef.get_scenario("turkish-hub")
variants = [set_parameters(hub, {"opening": opening}) for opening in OPENINGS]
ds = ef.run(["reference", *variants], years=2025)
compared = ef.compare(ds)
names = [variant.name for variant in variants]

flows = compared["flows"].pivot_table(index="scenario", columns="link", values="flow_twh").fillna(0.0)
prices = compared["prices"].pivot_table(index="scenario", columns="zone", values="price_change_eur_mwh")
before = flows.at["reference", "TR-BG"]
for opening, name in zip(OPENINGS, names, strict=True):
    mixed, after = flows.loc[name, ["TURKSTREAM2-TR", "TR-BG"]]
    print(f"opening {opening:3.0f} GWh/d: {mixed:5.1f} TWh mix, Türkiye to Bulgaria {before:.1f} → {after:.1f} TWh")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
changes = (flows.loc[names, list(SHOWN)] - flows.loc["reference", list(SHOWN)]).rename(columns=SHOWN)
changes.set_axis(OPENINGS).plot(ax=left, marker="o")
left.axhline(0, color="black", linewidth=0.8)
left.set(xlabel="opening, GWh/d", ylabel="TWh a year", title="Change of flows")
prices.loc[names, ["TR", "BG", "RO", "NL"]].set_axis(OPENINGS).plot(ax=right, marker="o")
right.set(xlabel="opening, GWh/d", ylabel="EUR/MWh", title="Change of the mean price")
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
