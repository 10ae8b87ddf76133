//! Columns about prices: every one is its outlet's own.

use super::{Cast, Plot, Topic::Markets};

const fn column(cast: Cast, told: &'static [(&'static str, &'static str)]) -> Plot {
    Plot { topic: Markets, cast, reach: (1, 1), shock: None, told, later: &[] }
}

pub const PLOTS: &[Plot] = &[
    column(
        Cast::Any,
        &[
            (
                "{coin} price analysis: bulls eye {above}",
                "After a quiet session the token trades near {price}. A close over {above} would open the way up, while {below} is the line to hold.",
            ),
            (
                "Where next for {coin}? Levels to watch on {weekday}",
                "Support sits at {below}, resistance at {above}. Our chart desk explains what a break of either would mean from {price}.",
            ),
            (
                "Chart of the day: {coin} coils below {above}",
                "The range has narrowed for {small} sessions and volume has dried up around {price}.",
            ),
            (
                "{sym} technical outlook: patience between {below} and {above}",
                "Momentum is neutral on the four-hour chart; we would wait for a decisive close.",
            ),
        ],
    ),
    column(
        Cast::Majors,
        &[
            (
                "Opinion: the market is too relaxed about {coin}",
                "Implied volatility is at its lowest in {small} weeks, writes our columnist, and calm rarely lasts.",
            ),
            (
                "Column: what options traders know about {coin}",
                "The price of protection below {below} says more than any forecast.",
            ),
            (
                "{coin} at {price}: three questions for the week",
                "Flows, funding and the calendar: what our desk watches until {weekday}.",
            ),
            (
                "Letter from {city}: why nobody talks about {coin} at dinner any more",
                "Our correspondent finds that professionals have stopped predicting and started hedging.",
            ),
        ],
    ),
    column(
        Cast::Others,
        &[
            (
                "Altcoin corner: is {coin} cheap at {price}?",
                "Fees, users and unlocks side by side: our weekly look at one token beyond the big three.",
            ),
            (
                "Research note: who holds {coin}",
                "The top {small} addresses own less than a year ago, according to our count of the chain.",
            ),
            (
                "{sym} unlock calendar: what comes to market in {month}",
                "Tokens worth {amount} leave their lockups; history suggests that prices move before, not after.",
            ),
            (
                "{coin} in numbers: activity, fees, developers",
                "Our table compares the network with {small} peers and finds it in the middle of the field.",
            ),
        ],
    ),
];
