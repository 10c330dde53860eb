"""How often would who be short of gas in winters unlike the last?

Winters, outages and LNG supplies are drawn together and the year is solved for each draw: as it was, and without the
South Caucasus Pipeline, on the same draws. The figure shows in what share of the draws demand has been met everywhere
until the end of each month, which zones fall short most often, and how often the Dutch price exceeds a level.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import energyflows as ef

SIZE, SEED = 200, 1
KEPT = ["unserved", "unserved_sum", "unserved_max", "price_mean"]
FIGURE = "winter_stress_test.png"

# What fails is made up for by ships that turn round, if they may.
n = ef.network.free_destinations(ef.build_network(2025))
draws = ef.sample(ef.ensemble.specify_winter(n), SIZE, SEED)
closed = draws["capacity_factor"].copy()
closed.loc[{"component": "SANGACHAL-SCP"}] = 0.0
worlds = {"as it was": draws, "without the SCP": draws.assign(capacity_factor=closed)}
results = {name: ef.run_ensemble(n, world, outputs=KEPT) for name, world in worlds.items()}
for name, ds in results.items():
    # A draw without solution would be no small thing to average away.
    assert (ds["status"] == "optimal").all(), name  # noqa: S101

energy = [float(ef.metrics.expected_unserved_energy(ds["unserved_sum"].sum("bus"))) / 1e3 for ds in results.values()]
risk = [100 * float(ef.metrics.loss_of_load_probability(ds["unserved_max"].max("bus"))) for ds in results.values()]
price = [float(ds["price_mean"].sel(bus="NL").quantile(0.95)) for ds in results.values()]
print(f"{SIZE} draws, seed {SEED}; {' → '.join(results)}")
print(f"expected unserved energy, all zones: {energy[0]:6.2f} → {energy[1]:6.2f} TWh a year")
print(f"any unserved demand anywhere:        {risk[0]:6.1f} → {risk[1]:6.1f} % of draws")
print(f"95 % quantile of the Dutch price:    {price[0]:6.0f} → {price[1]:6.0f} EUR/MWh")

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
ends = pd.date_range(n.snapshots[0], periods=len(n.snapshots) + 1, freq="MS")
for name, ds in results.items():
    survival = ef.metrics.survival(ds["unserved"].max("bus")).to_numpy()
    left.step(ends, 100 * np.concatenate([[1.0], survival]), where="post", label=name)
    dear = np.sort(ds["price_mean"].sel(bus="NL").to_numpy())[::-1]
    right.step(dear, 100 * np.arange(1, SIZE + 1) / SIZE, label=name)
left.set(ylim=(0, 102), ylabel="% of draws", title="Demand met in every zone until …")
left.tick_params(axis="x", rotation=45)
left.legend()
right.set(xlabel="mean price in the Netherlands, EUR/MWh", ylabel="% of draws at or above", title="Price")
chances = {name: 100 * ef.metrics.loss_of_load_probability(ds["unserved_max"]) for name, ds in results.items()}
table = pd.DataFrame({name: chance.to_series() for name, chance in chances.items()})
table.loc[table.max(axis=1).nlargest(10).index[::-1]].plot.barh(ax=middle)
middle.set(xlabel="% of draws", ylabel="", title="Any unserved demand in the year")
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
