"""What would the EU have done without gas through TAP in 2025?

The network is an ordinary ``pypsa.Network``, so a question can be put by changing it. Here the capacity of one link
and of its contracted part is set to zero, and everything else stays as it was.
"""

import energyflows as ef

tables = ef.load_tables()
n = ef.build_network(2025, tables=tables)
reference = ef.solve(n)

without = n.copy()
without.links.loc[["TANAP-TAP", "TANAP-TAP minimum"], "p_nom"] = 0.0
outage = ef.solve(without)

days = reference["weight_days"]
eu = tables["zones"].query("eu")["zone"].tolist()


def in_the_eu(results, name):
    """Return the EU27's energy of the year, TWh."""
    return float((results[name].sel(bus=eu).sum("bus") * days).sum()) / 1e3


def at(results, link):
    """Return what a link delivered in the year, TWh."""
    return float((results["received"].sel(link=link) * days).sum()) / 1e3


print(f"TAP entry:           {at(reference, 'TANAP-TAP'):7.1f} → {at(outage, 'TANAP-TAP'):6.1f} TWh")
lng = [str(link) for link in reference["link"].values if str(link).endswith("-LNGEU")]
landed = [sum(at(results, link) for link in lng) for results in (reference, outage)]
print(f"LNG landed:          {landed[0]:7.1f} → {landed[1]:6.1f} TWh")
for name in ("response", "unserved"):
    print(f"{name + ' in the EU:':20s} {in_the_eu(reference, name):7.2f} → {in_the_eu(outage, name):6.2f} TWh")
for hub in ("IT", "BG", "GR", "NL"):
    prices = [float(results["price"].sel(bus=hub).weighted(days).mean()) for results in (reference, outage)]
    print(f"mean price in {hub}:    {prices[0]:7.1f} → {prices[1]:6.1f} EUR/MWh")
