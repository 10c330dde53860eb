"""Full references by the key under which metrics name them."""

from __future__ import annotations

#: Reference by key: first author's family name and year.
REFERENCES: dict[str, str] = {
    "billinton1996": "Billinton & Allan (1996), Reliability Evaluation of Power Systems, 2nd ed., Plenum.",
    "cohen2011": (
        "Cohen, Joutz & Loungani (2011), Measuring energy security: trends in the diversification of oil and natural "
        "gas supplies, Energy Policy 39, 4860–4869."
    ),
    "doj2010": "U.S. Department of Justice & Federal Trade Commission (2010), Horizontal Merger Guidelines, § 5.3.",
    "doj2023": "U.S. Department of Justice & Federal Trade Commission (2023), Merger Guidelines, § 2.1.",
    "ec2013": (
        "European Commission (2013), Member States' Energy Dependence: An Indicator-Based Assessment, Occasional "
        "Papers 145; Commission staff working document SWD(2013) 137."
    ),
    "entsog2015": "ENTSOG (2015), Ten-Year Network Development Plan, § 6.4.3 and Annex F: Methodology, § 4.2.5.",
    "entsog2017": "ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology.",
    "entsog2020": "ENTSOG (2020), Ten-Year Network Development Plan, System Assessment Report.",
    "eurostat2024": "Eurostat (2024), Energy import dependency by products (nrg_ind_id), reference metadata.",
    "frondel2008": (
        "Frondel & Schmidt (2008), Measuring Energy Security: A Conceptual Note, Ruhr Economic Papers 52, RWI."
    ),
    "gini1912": "Gini (1912), Variabilità e mutabilità, Cuppini, Bologna.",
    "herfindahl1950": "Herfindahl (1950), Concentration in the Steel Industry, thesis, Columbia University.",
    "hill1973": ("Hill (1973), Diversity and evenness: a unifying notation and its consequences, Ecology 54, 427–432."),
    "hirschman1945": (
        "Hirschman (1945), National Power and the Structure of Foreign Trade, University of California Press."
    ),
    "imf2009": (
        "IMF, ILO, OECD, Eurostat, UNECE & World Bank (2009), Export and Import Price Index Manual: Theory and "
        "Practice, International Monetary Fund, Washington, DC."
    ),
    "kaplan1958": (
        "Kaplan & Meier (1958), Nonparametric estimation from incomplete observations, Journal of the American "
        "Statistical Association 53, 457–481."
    ),
    "lecoq2009": (
        "Le Coq & Paltseva (2009), Measuring the security of external energy supply in the European Union, Energy "
        "Policy 37, 4474–4481, doi:10.1016/j.enpol.2009.05.069."
    ),
    "leinster2012": (
        "Leinster & Cobbold (2012), Measuring diversity: the importance of species similarity, Ecology 93, 477–489."
    ),
    "neumann2004": "Neumann (2004), Security of supply in liberalised European gas markets, thesis, Viadrina.",
    "neumann2007": (
        "Neumann (2007), How to measure security of supply?, Energy Policy Blog, "
        "http://www.energypolicyblog.com/2007/09/09/how-to-measure-security-of-supply/."
    ),
    "obrien2000": (
        "O'Brien & Salop (2000), Competitive effects of partial ownership: financial interest and corporate control, "
        "Antitrust Law Journal 67, 559–614."
    ),
    "pearson1896": (
        "Pearson (1896), Mathematical contributions to the theory of evolution III, Philosophical Transactions of the "
        "Royal Society A 187, 253–318."
    ),
    "pielou1966": (
        "Pielou (1966), The measurement of diversity in different types of biological collections, Journal of "
        "Theoretical Biology 13, 131–144."
    ),
    "poulin2021": (
        "Poulin & Kane (2021), Infrastructure resilience curves: performance measures and summary metrics, Reliability "
        "Engineering & System Safety 216, 107926, doi:10.1016/j.ress.2021.107926."
    ),
    "rao1982": (
        "Rao (1982), Diversity and dissimilarity coefficients: a unified approach, Theoretical Population Biology 21, "
        "24–43."
    ),
    "regulation2017": (
        "Regulation (EU) 2017/1938 concerning measures to safeguard the security of gas supply, Annex II, OJ L 280."
    ),
    "shannon1948": (
        "Shannon (1948), A mathematical theory of communication, Bell System Technical Journal 27, 379–423."
    ),
    "sheffrin2002": "Sheffrin (2002), Predicting market power using the residual supply index, California ISO.",
    "silver2010": (
        "Silver (2010), The wrongs and rights of unit value indices, Review of Income and Wealth 56 (s1), 206–223."
    ),
    "simchilevi2015": (
        "Simchi-Levi et al. (2015), Identifying risks and mitigating disruptions in the automotive supply chain, "
        "Interfaces 45, 375–390, doi:10.1287/inte.2015.0804."
    ),
    "simpson1949": "Simpson (1949), Measurement of diversity, Nature 163, 688.",
    "stirling2007": (
        "Stirling (2007), A general framework for analysing diversity in science, technology and society, Journal of "
        "the Royal Society Interface 4, 707–719."
    ),
}
