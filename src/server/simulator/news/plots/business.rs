//! Companies: listings, money raised, deals, treasuries.

use super::{Cast, Plot, Topic::Business};

pub const PLOTS: &[Plot] = &[
    Plot {
        topic: Business,
        cast: Cast::Others,
        reach: (3, 6),
        shock: Some((1.5, 3.8)),
        told: &[
            (
                "{exchange} to list {coin}",
                "Spot trading against dollars and stablecoins opens on {weekday}, and deposits are possible at once.",
            ),
            (
                "{coin} jumps on {exchange} listing",
                "The exchange will open order books for the token on {weekday} with a fee holiday for makers.",
            ),
            (
                "{exchange} adds {coin} ({sym}) for retail customers",
                "Users in {small} countries will be able to trade the token, according to a notice on the company's site.",
            ),
            (
                "{sym} trading comes to {exchange}",
                "It is the largest venue to offer the asset so far. Withdrawals follow a day later.",
            ),
            (
                "New on {exchange}: {coin}",
                "The platform has finished its review of the token and starts trading on {weekday}.",
            ),
        ],
        later: &[(
            "{coin} goes live on {exchange}",
            "Order books opened for the token a little while ago and {amount} changed hands in the first minutes.",
        )],
    },
    Plot {
        topic: Business,
        cast: Cast::Others,
        reach: (3, 5),
        shock: Some((-3.6, -1.4)),
        told: &[
            (
                "{exchange} to delist {coin}",
                "Trading ends on {weekday}. The exchange said that volumes no longer meet its standards.",
            ),
            (
                "{coin} tumbles as {exchange} drops it",
                "Holders have {small} days to withdraw their tokens from the platform.",
            ),
            ("{exchange} ends support for {sym}", "A regular review led to the removal, a notice to customers says."),
            (
                "Delisting hits {coin}: {exchange} closes order books on {weekday}",
                "Open orders will be canceled and balances can be withdrawn for another {small} days.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Business,
        cast: Cast::Bitcoin,
        reach: (4, 8),
        shock: Some((0.6, 1.9)),
        told: &[
            (
                "{company} buys {count} {sym} for its treasury",
                "The company spent {amount} on the coins, it said in a filing, and plans to hold them for the long run.",
            ),
            (
                "{company} puts {about} of cash into {coin}",
                "Finance chief {person} described the purchase as protection against a weaker currency.",
            ),
            (
                "{coin} treasury: {company} discloses purchase worth {amount}",
                "The coins were bought over {small} days at an average price close to the market, a filing shows.",
            ),
            (
                "Another listed firm turns to {coin} as {company} spends {amount}",
                "Shares of the company rose in early trading after the announcement.",
            ),
            (
                "{company} joins corporate {coin} holders with {count} coins",
                "The board approved the move unanimously and left room for more.",
            ),
        ],
        later: &[(
            "{company} may double its {coin} holdings, finance chief says",
            "The first {amount} were only a start, {person} told analysts on a call.",
        )],
    },
    Plot {
        topic: Business,
        cast: Cast::Chains,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{startup} raises {amount} to build payments on {coin}",
                "{fund} led the round, which values the start-up at about six times that sum.",
            ),
            (
                "{fund} leads {amount} round in {coin} start-up {startup}",
                "The company will hire {small} engineers and expand to {city}.",
            ),
            (
                "Payments firm {startup} closes {amount} financing",
                "Its service settles merchant payments on {coin} within seconds, founder {person} said.",
            ),
            (
                "Investors back {startup} with {amount}",
                "The {city} company wants to bring card-like checkout to {coin}.",
            ),
            (
                "{startup} secures {about} for {coin} checkout",
                "Money from {fund} and others will pay for licenses in {small} countries.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Business,
        cast: Cast::Any,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{bank} to offer {coin} custody to institutions",
                "The lender will hold coins for funds and family offices from {month} on.",
            ),
            (
                "Custody of {coin} comes to {bank}",
                "Clients had been asking for years, said {person}, who runs digital assets at the lender.",
            ),
            (
                "{bank} enters digital assets with {coin} vault",
                "The service opens in {month} for professional clients in {city} and beyond.",
            ),
            (
                "Institutional clients of {bank} will be able to store {coin}",
                "Keys are kept in two countries, and insurance covers {amount}.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Business,
        cast: Cast::Any,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{company} to accept {coin} at checkout",
                "Customers in {small} stores can pay with the token from {month}; {startup} handles the conversion.",
            ),
            (
                "Shoppers at {company} can soon pay in {coin}",
                "The retailer's partner {startup} turns payments into local money at once.",
            ),
            (
                "{startup} brings {coin} payments to {company}",
                "A trial in {city} went well enough for a wider start in {month}, the firms said.",
            ),
            (
                "{company} teams up with {startup} on {coin} payments",
                "Neither side gave financial terms of the partnership.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Business,
        cast: Cast::Any,
        reach: (3, 6),
        shock: None,
        told: &[
            (
                "{exchange} agrees to buy {startup} for {amount}",
                "The deal gives the exchange a payments license in {country} and a team of {small}.",
            ),
            (
                "{startup} sold to {exchange} in {amount} deal",
                "Founder {person} will stay on and report to the chief executive.",
            ),
            (
                "Exchange operator {exchange} acquires {startup}",
                "It pays {amount}, half of it in shares, people familiar with the terms said.",
            ),
            (
                "Deal of the week: {exchange} swallows {startup} for {about}",
                "The purchase needs the consent of the authorities in {country}.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Business,
        cast: Cast::Any,
        reach: (3, 6),
        shock: None,
        told: &[
            (
                "{exchange} cuts {percent} of its staff",
                "Chief executive {person} told employees that trading volumes had fallen short of plans.",
            ),
            (
                "Layoffs at {exchange}: {small} people to go",
                "The company wants to become profitable by {month}, according to an internal memo.",
            ),
            (
                "{exchange} lets {small} employees go as volumes shrink",
                "Support and marketing are affected most, a spokesperson confirmed.",
            ),
            (
                "Job cuts hit crypto exchange {exchange}",
                "About {percent} of positions are eliminated in the second round this year.",
            ),
        ],
        later: &[],
    },
];
