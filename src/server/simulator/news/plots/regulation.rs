//! Courts, agencies, laws, funds that need a permit.

use super::{Cast, Plot, Topic::Regulation};

pub const PLOTS: &[Plot] = &[
    Plot {
        topic: Regulation,
        cast: Cast::Majors,
        reach: (6, 8),
        shock: Some((0.9, 2.4)),
        told: &[
            (
                "{regulator} approves spot {coin} fund from {fund}",
                "Shares could begin trading as early as next week, the agency said in an order that cites surveillance of the underlying market.",
            ),
            (
                "{fund} wins approval for {coin} ETF",
                "The decision ends a wait of {small} months and makes the firm the latest to offer {coin} through a brokerage account.",
            ),
            (
                "Green light for {coin} exchange-traded fund of {fund}",
                "Commissioners voted in favor after the applicant agreed to creations in cash only.",
            ),
            (
                "{fund}'s {coin} ETF cleared by {regulator}",
                "Listing is expected within days; the fund will charge an annual fee of {fee}%.",
            ),
            (
                "Regulator signs off on {fund} product that holds {coin}",
                "The order says that market manipulation can be detected well enough for a spot product.",
            ),
            (
                "{coin} jumps as {fund} gets nod for spot fund",
                "Traders had put the odds of an approval at about even before the {regulator} published its order.",
            ),
        ],
        later: &[(
            "{fund} sets date for first day of {coin} ETF trading",
            "Shares will be listed on Monday with {amount} of seed money, a person familiar with the plans said.",
        )],
    },
    Plot {
        topic: Regulation,
        cast: Cast::Any,
        reach: (5, 8),
        shock: Some((-2.0, -0.7)),
        told: &[
            (
                "{regulator} sues {exchange} over unregistered trading of {coin}",
                "The complaint says that the company ran a securities exchange without a license and asks for penalties of {amount}.",
            ),
            (
                "{exchange} hit with lawsuit from {regulator}",
                "Authorities accuse the trading platform of listing {coin} and other tokens without the required registration.",
            ),
            (
                "Watchdog takes {exchange} to court, seeks {amount}",
                "In its filing the agency names {coin} among the assets that it considers securities.",
            ),
            (
                "{exchange} vows to fight {regulator} lawsuit",
                "Chief executive {person} called the case over {coin} listings a misuse of power and promised to defend the firm.",
            ),
            (
                "Regulator calls {coin} a security in case against {exchange}",
                "The agency wants the exchange to stop trading in the token and to give up {amount} in fees.",
            ),
        ],
        later: &[(
            "Judge sets first hearing in {exchange} case",
            "Lawyers of the {regulator} and of the exchange will meet in court in {small} days to argue about {coin}.",
        )],
    },
    Plot {
        topic: Regulation,
        cast: Cast::Others,
        reach: (4, 7),
        shock: Some((1.2, 3.4)),
        told: &[
            (
                "Court rules that sales of {coin} on exchanges are not securities",
                "The judge sided with the issuer on the main point and dismissed {small} of the claims brought by the {regulator}.",
            ),
            (
                "{coin} surges on court win against {regulator}",
                "Buyers on public venues had no contract with the developers, the ruling says.",
            ),
            (
                "Judge hands {coin} backers a victory over {regulator}",
                "Most of the case was thrown out; what remains concerns early sales worth {amount} to institutions.",
            ),
            (
                "{regulator} loses key {coin} case",
                "The agency said that it disagrees with the decision and is considering an appeal.",
            ),
            (
                "{sym} is not a security when traded by the public, court finds",
                "The long-awaited judgment could shape how other tokens are treated.",
            ),
        ],
        later: &[(
            "{regulator} to appeal {coin} ruling",
            "A notice filed with the court asks for a review of the finding that public sales were not securities.",
        )],
    },
    Plot {
        topic: Regulation,
        cast: Cast::Majors,
        reach: (3, 6),
        shock: None,
        told: &[
            (
                "{fund} files for {coin} ETF",
                "The application with the {regulator} names {bank} as custodian and does not mention staking.",
            ),
            (
                "Asset manager {fund} joins race for {coin} exchange-traded fund",
                "A registration statement was submitted on {weekday}, making it the {nth} firm to apply.",
            ),
            (
                "{coin} ETF filing lands from {fund}",
                "If approved, the trust would hold coins at {bank} and charge {fee}% a year.",
            ),
            (
                "{regulator} receives application for {fund} {coin} trust",
                "The agency now has up to 240 days for its answer.",
            ),
            (
                "Another one: {fund} wants to list a spot {coin} fund",
                "Analysts expect a decision by the {regulator} next spring at the earliest.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Regulation,
        cast: Cast::Any,
        reach: (3, 6),
        shock: None,
        told: &[
            (
                "{country} parliament passes licensing law for crypto firms",
                "Exchanges will need a permit and {amount} of capital from {month} on, according to the text adopted on {weekday}.",
            ),
            (
                "Lawmakers in {country} adopt rules for digital assets",
                "The bill brings exchanges and custodians under the finance ministry and takes effect in {month}.",
            ),
            (
                "{country} to license crypto exchanges from {month}",
                "Under the new act, trading venues must keep customer money apart and hold {amount} in reserve.",
            ),
            (
                "New crypto act clears final vote in {country}",
                "Industry groups welcomed the clarity but said the capital rule of {amount} shuts out start-ups.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Regulation,
        cast: Cast::Bitcoin,
        reach: (3, 6),
        shock: None,
        told: &[
            (
                "{regulator} fines {exchange} {amount} over money-laundering controls",
                "Checks on customers fell short for years, the agency said. The exchange neither admitted nor denied the findings.",
            ),
            (
                "{exchange} settles with {regulator} for {amount}",
                "The platform will also pay for an outside monitor for the next {small} months.",
            ),
            (
                "{amount} penalty for {exchange} in compliance case",
                "Investigators found that thousands of accounts had been opened without proof of identity.",
            ),
            (
                "Regulator punishes {exchange} for weak controls",
                "The settlement of {about} is the largest that the {regulator} has reached with a crypto company this year.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Regulation,
        cast: Cast::Majors,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{regulator} delays decision on {fund} {coin} ETF",
                "The agency gave itself {small} more days to consider whether the product can be listed.",
            ),
            (
                "No verdict yet on {fund}'s {coin} fund",
                "Officials extended their review on {weekday}, as most observers had expected.",
            ),
            (
                "Decision on {coin} ETF of {fund} pushed back",
                "Another {small} days of waiting lie ahead for the asset manager after the {regulator} asked for comments.",
            ),
            (
                "{fund} must wait longer for answer on {coin} product",
                "The regulator wants the public's view on custody before it rules.",
            ),
        ],
        later: &[],
    },
];
