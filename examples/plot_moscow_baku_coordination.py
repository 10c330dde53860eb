"""What would Moscow and Baku gain by acting together, and who would pay?

Two answers with different assumptions. The game of coalitions shares out what trade is worth among Russia, Azerbaijan,
the countries on the way, other suppliers and the EU. The conduct matrix lets suppliers sell less to be paid more, and
gives Russia and Azerbaijan a weight on each other's profit, from none to as on their own. Nothing here says that they
coordinate; it says what it would be worth.
"""

import matplotlib.pyplot as plt

import energyflows as ef
from energyflows.scenarios.catalogue import find_seeds
from energyflows.strategy import compare_conduct, read_elasticity, tabulate_leverage

YEAR = 2025
FIGURE = "moscow_baku_coordination.png"
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)

tables = ef.load_tables()
elasticities = sorted(read_elasticity(tables))
zones = tables["zones"].query("eu")["zone"].tolist()
n = ef.build_network(YEAR, tables=ef.hindcast.release(tables, ships=False))

game = ef.measure_leverage(
    n,
    find_seeds() / "players-corridor.yaml",
    elasticity=elasticities,
    access=["owner", "open"],
)
told = tabulate_leverage(game)
print(
    told["leverage"].set_index(["access", "player"])[["surplus_bn_eur", "share"]].unstack("access").round(1).to_string()
)
gains = told["coordination"].set_index(["group", "access"])[["gain_bn_eur_low", "gain_bn_eur", "gain_bn_eur_high"]]
print(gains.round(2).to_string())

curves = compare_conduct(n, ("RU", "AZ"), area=zones, elasticities=elasticities, weights=WEIGHTS)["conduct"]
for weight, rows in curves[curves["coordination"] > 0].groupby("coordination"):
    spans = {name: (rows[name].min(), rows[name].max()) for name in rows if "change" in name}
    told_of = {"price_change": "price, EUR/MWh", "profit_change_bn_eur_RU": "RU", "profit_change_bn_eur_AZ": "AZ"}
    line = ", ".join(f"{word} {spans[name][0]:+.2f} to {spans[name][1]:+.2f}" for name, word in told_of.items())
    print(f"weight {weight:.2f} instead of none → {line} (bn EUR a year)")

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
shares = told["leverage"].pivot_table(index="player", columns="access", values="surplus_bn_eur", sort=False)
shares.plot.barh(ax=left)
left.set(xlabel="bn EUR a year", ylabel="", title=f"Gains from trade, {YEAR}, by who can refuse passage")
left.axvline(0.0, color="k", linewidth=0.8)
labels = {
    "profit_change_bn_eur_RU": "profit of Russia",
    "profit_change_bn_eur_AZ": "profit of Azerbaijan",
    "consumer_surplus_change_bn_eur": "consumers of the EU27",
}
for column, label in labels.items():
    over = curves.groupby("coordination")[column].agg(["min", "median", "max"])
    right.fill_between(over.index, over["min"], over["max"], alpha=0.25)
    right.plot(over.index, over["median"], marker="o", label=label)
right.axhline(0.0, color="k", linewidth=0.8)
right.set(xlabel="weight on each other's profit", ylabel="bn EUR a year", title=f"Change with coordination, {YEAR}")
right.legend()
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
