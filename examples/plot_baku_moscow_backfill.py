"""If Russian gas served Azerbaijani homes, how much more could Azerbaijan export, and to whom?

Sources disagree about how much Russian gas enters Azerbaijan, so the volume is varied from none to what the line is
thought to carry. Each volume frees as much Azerbaijani gas for export. The figure shows where it goes, what it does to
prices, and how much Russian gas stands behind Azerbaijan's exports: by label, in the mix, and as what would be missing.
"""

import matplotlib.pyplot as plt

import energyflows as ef
from energyflows.scenarios import set_parameters

VOLUMES = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
FIGURE = "baku_moscow_backfill.png"
BUYERS = {"Türkiye": ["SCP-TR", "TANAP-TR"], "EU and Albania": ["TANAP-TAP"], "Georgia": ["SCP-GE", "AZ-GE"]}

scenario = ef.get_scenario("backfill-max")
variants = [set_parameters(scenario, {"volume": volume}) for volume in VOLUMES]
ds = ef.run(["reference", *variants], years=2025)
compared = ef.compare(ds)
names = [variant.name for variant in variants]

flows = compared["flows"].pivot_table(index="scenario", columns="link", values="flow_change_twh").loc[names]
exports = flows.T.groupby({link: buyer for buyer, links in BUYERS.items() for link in links}).sum().T
prices = compared["prices"].pivot_table(index="scenario", columns="zone", values="price_change_eur_mwh").loc[names]
for number, (volume, name) in enumerate(zip(VOLUMES, names, strict=True)):
    more = max(exports.loc[name].sum(), 0.0)
    print(f"{volume:.0f} bcm/y = {flows['MOZDOK-AZ'].iloc[number]:5.1f} TWh in → {more:5.1f} TWh more exported")
room = exports.sum(axis=1).max()
print(f"The corridor takes at most {room:.0f} TWh a year more; what is freed beyond that stays in the ground.")

behind = ef.influence.attribute_conduits(ds, "RU", conduits=["AZ"]).set_index("scenario").loc[names]
print(behind[["label_twh", "molecules_twh", "displacement_low_twh", "displacement_high_twh"]].round(1).to_string())

figure, (left, right, last) = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
exports.set_axis(VOLUMES).plot.bar(ax=left, stacked=True)
left.plot(range(len(VOLUMES)), flows["MOZDOK-AZ"], "k--", label="Russian gas in")
left.legend()
left.set(xlabel="bcm of Russian gas a year", ylabel="TWh", title="Azerbaijani exports on top of the reference, 2025")
prices[["TR", "BG", "IT", "NL"]].set_axis(VOLUMES).plot(ax=right, marker="o")
right.set(xlabel="bcm of Russian gas a year", ylabel="EUR/MWh", title="Change of the mean price")
last.fill_between(
    VOLUMES, behind["displacement_low_twh"], behind["displacement_high_twh"], alpha=0.3, label="displacement (range)"
)
last.plot(VOLUMES, behind["molecules_twh"], marker="o", label="molecules")
last.plot(VOLUMES, behind["label_twh"], "k--", label="label")
last.set(xlabel="bcm of Russian gas a year", ylabel="TWh", title="Russian gas behind Azerbaijan's exports, 2025")
last.legend()
figure.savefig(FIGURE, dpi=110)
print(f"Figure: {FIGURE}")
