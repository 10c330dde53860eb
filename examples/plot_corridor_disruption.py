"""Who pays if the South Caucasus Pipeline fails in winter, and for how long must it fail to be felt?

The pipeline fails in mid-January for one to six months, as a whole. The figure shows how mean prices of the year rise
by length, and who gives up gas; the last bars add a stop of Russian gas to the longest failure.
"""

import matplotlib.pyplot as plt

import energyflows as ef
from energyflows.scenarios import set_parameters

DAYS = [30, 60, 90, 120, 180]
FIGURE = "corridor_disruption.png"
ZONES = ["TR", "IT", "BG", "GR", "NL"]

scenario = ef.get_scenario("scp-disruption")
variants = [set_parameters(scenario, {"duration_days": days}) for days in DAYS]
both = variants[-1] + ef.get_scenario("russian-stop")
ds = ef.run(["reference", *variants, both], years=2025)
compared = ef.compare(ds)
names = [variant.name for variant in variants]

prices = compared["prices"].pivot_table(index="scenario", columns="zone", values="price_change_eur_mwh")
table = compared["unserved"].query("kind == 'market'")
short = (table["unserved_change_twh"] + table["response_change_twh"]).groupby([table["scenario"], table["zone"]]).sum()
missing = short.unstack()
flows = compared["flows"].pivot_table(index="scenario", columns="link", values="flow_change_twh")
for days, name in zip(DAYS, names, strict=True):
    lost, rise = flows.at[name, "SANGACHAL-SCP"], prices.loc[name]
    print(f"{days:3d} days: {lost:6.1f} TWh → Türkiye {rise['TR']:+.1f}, Italy {rise['IT']:+.1f} EUR/MWh")
rise = prices.loc[both.name]
print(f"with a Russian stop → Türkiye {rise['TR']:+.1f}, Italy {rise['IT']:+.1f} EUR/MWh")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
prices.loc[names, ZONES].set_axis(DAYS).plot(ax=left, marker="o")
left.set(xlabel="days of failure", ylabel="EUR/MWh", title="Change of the mean price of the year", ylim=(0, None))
most = missing.loc[[*names, both.name]].max().nlargest(6)
shown = missing.loc[[names[0], names[-1], both.name], most.index[most > 0.005]].T
shown.columns = [f"{DAYS[0]} days", f"{DAYS[-1]} days", "and a Russian stop"]
shown[::-1].plot.barh(ax=right)
right.set(xlabel="TWh", ylabel="", title="Demand given up or not met")
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
