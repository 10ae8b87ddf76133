//! Prices, flows, large holders, figures of the economy.

use super::{Cast, Plot, Topic::Markets};

pub const PLOTS: &[Plot] = &[
    Plot {
        topic: Markets,
        cast: Cast::Majors,
        reach: (5, 8),
        shock: Some((0.7, 1.9)),
        told: &[
            (
                "Inflation cools to {percent}, {coin} rallies",
                "Consumer prices rose less than economists had expected, which revived hopes of lower interest rates.",
            ),
            (
                "Consumer prices up {percent} from a year ago, less than forecast",
                "{coin} and stocks climbed within minutes of the report as traders bet on easier policy.",
            ),
            (
                "{coin} gains as soft inflation print lifts risk assets",
                "The annual rate fell to {percent}, below every estimate in a survey of {small} economists.",
            ),
            (
                "Softer price data sends crypto higher",
                "Annual inflation of {percent} beat expectations on {weekday}; {coin} led the advance among large tokens.",
            ),
            (
                "Yields drop and {coin} pops after CPI comes in at {percent}",
                "Futures now show a rate cut at the next meeting as more likely than not.",
            ),
        ],
        later: &[(
            "Central bank official {person} calls {percent} inflation reading encouraging",
            "One month does not make a trend, but the direction is right, the policymaker said after the figures moved markets.",
        )],
    },
    Plot {
        topic: Markets,
        cast: Cast::Majors,
        reach: (5, 8),
        shock: Some((-2.0, -0.8)),
        told: &[
            (
                "Central bank raises rates by surprise, {coin} falls",
                "Policymakers voted for a quarter point and hinted at more. Hardly any economist had seen it coming.",
            ),
            (
                "{coin} drops on unexpected rate increase",
                "The benchmark now stands at {percent} after a vote that caught markets off guard on {weekday}.",
            ),
            (
                "Shock rate hike to {percent} rattles crypto and stocks",
                "The chair, {person}, said that inflation is still too high for comfort.",
            ),
            (
                "Risk assets sink as policymakers lift rate to {percent}",
                "{coin} lost ground within minutes and {amount} of leveraged bets were wiped out.",
            ),
            (
                "Markets stunned by quarter-point increase",
                "The decision takes borrowing costs to {percent}. {coin} and technology shares sold off.",
            ),
        ],
        later: &[(
            "Rate rise: liquidations reach {amount} as {coin} slide goes on",
            "Most of the positions closed by force were bets on higher prices, data from derivatives venues show.",
        )],
    },
    Plot {
        topic: Markets,
        cast: Cast::Any,
        reach: (3, 6),
        shock: Some((-2.4, -0.8)),
        told: &[
            (
                "Whale moves {about} of {coin} to {exchange}",
                "The address had been silent for {small} months. Deposits of that size often come before a sale.",
            ),
            (
                "Dormant wallet wakes up, sends {amount} in {coin} to exchange",
                "On-chain trackers flagged the transfer to {exchange} on {weekday}.",
            ),
            (
                "{coin} under pressure as large holder shifts {amount}",
                "A wallet from the early days deposited its coins at {exchange}, and the price gave way.",
            ),
            (
                "{count} {sym} land at {exchange} in one transaction",
                "Nobody knows who is behind the address, which last moved funds {small} months ago.",
            ),
            (
                "Old {coin} whale stirs: {amount} on the way to {exchange}",
                "Traders fear that the owner is about to sell the coins, worth many times what they cost.",
            ),
        ],
        later: &[(
            "{coin} whale transfer was internal, {exchange} says",
            "The {amount} belongs to the exchange itself and was moved for maintenance, a spokesperson said.",
        )],
    },
    Plot {
        topic: Markets,
        cast: Cast::Majors,
        reach: (3, 6),
        shock: Some((-2.2, -0.9)),
        told: &[
            (
                "{about} in crypto longs liquidated as {coin} tumbles",
                "A chain of forced selling ran through derivatives venues within a quarter of an hour.",
            ),
            (
                "Leverage flush: {coin} slide wipes out {amount} of positions",
                "Funding rates turned negative after the fastest drop in weeks.",
            ),
            (
                "{coin} falls sharply, forced selling tops {amount}",
                "{exchange} alone closed a third of the bets that were liquidated.",
            ),
            (
                "Traders lose {about} in sudden {coin} drop",
                "Thin order books on {weekday} made the move worse, market makers said.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Markets,
        cast: Cast::Majors,
        reach: (4, 7),
        shock: Some((0.6, 1.8)),
        told: &[
            (
                "{coin} funds draw record {amount} in a day",
                "{fund} took in more than half of the money, according to figures published on {weekday}.",
            ),
            (
                "Record inflows of {amount} for {coin} ETFs",
                "Demand from pension funds is behind the rush, said {person}, a strategist at {fund}.",
            ),
            (
                "Investors pour {about} into {coin} products",
                "Never before has so much money gone into the funds within one session.",
            ),
            (
                "{coin} climbs as ETF demand hits all-time high",
                "Daily net purchases came to {amount}, led by the product of {fund}.",
            ),
            ("Best day ever for {coin} funds: {amount}", "The previous record had stood for {small} months."),
        ],
        later: &[],
    },
    Plot {
        topic: Markets,
        cast: Cast::Any,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "Open interest in {coin} futures climbs to {amount}",
                "Traders are adding leverage at the fastest pace in {small} weeks, data from {exchange} show.",
            ),
            (
                "{coin} derivatives bets swell to {about}",
                "The value of open contracts rose for the {nth} day in a row.",
            ),
            (
                "Futures positions in {sym} reach {amount}",
                "Higher open interest with flat prices often ends in a sharp move, analysts caution.",
            ),
            (
                "Leverage builds in {coin} market",
                "Outstanding contracts are worth {amount}, the most in {small} weeks.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Markets,
        cast: Cast::Bitcoin,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{miner} sells {count} {sym} to pay for new machines",
                "The miner said in its monthly update that it still holds coins worth {amount}.",
            ),
            (
                "{coin} miner {miner} parts with {count} coins",
                "Proceeds go into {small} megawatts of new capacity, according to chief executive {person}.",
            ),
            (
                "{miner} cuts {coin} treasury by {count}",
                "Production fell {percent} in the month as difficulty rose, the company reported.",
            ),
            (
                "Monthly report: {miner} offloads {count} {sym}",
                "The firm's remaining stash is valued at {amount}, an update to shareholders shows.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Markets,
        cast: Cast::Bitcoin,
        reach: (2, 6),
        shock: None,
        told: &[
            (
                "{coin} mining difficulty sets record after {percent} jump",
                "The network adjusted on {weekday} as more machines came online.",
            ),
            (
                "Difficulty of mining {coin} rises {percent} to all-time high",
                "Margins of smaller operators are shrinking, said {person} of {miner}.",
            ),
            (
                "Mining {coin} has never been harder",
                "An adjustment of {percent} took the measure to a new peak, the {nth} this year.",
            ),
            (
                "{coin} network difficulty climbs {percent}",
                "Computing power kept growing in spite of lower fees, figures from the chain show.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Markets,
        cast: Cast::Any,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{exchange} handles record {coin} volume",
                "Trades worth {amount} were settled within an hour, more than on any day this year, the exchange said.",
            ),
            (
                "{coin} trading on {exchange} sets record",
                "A rush of orders from {country} pushed turnover to {amount} in an hour.",
            ),
            (
                "Busiest hour ever for {coin} at {exchange}",
                "Turnover reached {amount}; systems held up, said technology chief {person}.",
            ),
            (
                "{amount} in an hour: {sym} turnover at {exchange} hits new high",
                "The old record had stood for {small} weeks, figures of the venue show.",
            ),
        ],
        later: &[],
    },
];
