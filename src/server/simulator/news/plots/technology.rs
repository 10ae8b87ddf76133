//! Upgrades, releases, records of use.

use super::{Cast, Plot, Topic::Technology};

pub const PLOTS: &[Plot] = &[
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (4, 7),
        shock: Some((0.8, 2.4)),
        told: &[
            (
                "{coin} activates {upgrade} upgrade",
                "The hard fork went live at block {count} without trouble and cuts fees for simple transfers.",
            ),
            (
                "{upgrade} goes live on {coin}",
                "Developers had tested the change for {small} months; transactions should cost about half as much from now on.",
            ),
            (
                "{coin}'s long-awaited {upgrade} fork is here",
                "Validators adopted the new rules at the planned height, and the token gained on the news.",
            ),
            (
                "Cheaper transfers for {coin} as {upgrade} upgrade lands",
                "More than nine in ten nodes were ready when the change took effect, figures show.",
            ),
            (
                "{sym} rises after smooth {upgrade} upgrade",
                "The fork brings lower fees and a new type of account to the network.",
            ),
        ],
        later: &[(
            "{coin} fees down by half since {upgrade}",
            "An early look at the chain after the fork suggests that the upgrade does what was promised.",
        )],
    },
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (3, 6),
        shock: Some((-1.8, -0.6)),
        told: &[
            (
                "{coin} developers postpone {upgrade} upgrade",
                "A bug on the test network needs more work, and the fork is now planned for {month}.",
            ),
            (
                "{upgrade} delayed: {coin} fork slips to {month}",
                "Clients disagreed in {small} test cases, core developers said on their call.",
            ),
            (
                "No {upgrade} before {month}, {coin} team says",
                "Engineer {person} said that safety comes before the calendar.",
            ),
            (
                "{coin} holders must wait for {upgrade}",
                "Problems on a test network force the developers to move the upgrade back.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{coin} sets date for {upgrade} upgrade",
                "Core developers agreed on {weekday} to activate the fork in {month}.",
            ),
            (
                "{upgrade} fork scheduled for {month}",
                "Operators of {coin} nodes have {small} weeks to install the new release.",
            ),
            (
                "Developers settle on {month} for {coin}'s next fork",
                "Named {upgrade}, the change lowers fees and tidies up how accounts work.",
            ),
            (
                "{coin} core team locks in {upgrade} timeline",
                "The decision followed {small} weeks without a fault on the test network.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (2, 4),
        shock: None,
        told: &[
            (
                "Daily transactions on {coin} hit record {count},000",
                "A popular game and lower fees are behind the surge, according to figures of {fund}.",
            ),
            (
                "{coin} network busier than ever",
                "Users sent {count},000 transactions on {weekday}, more than on any day before.",
            ),
            (
                "Activity on {coin} breaks record",
                "The count of daily transactions passed {count},000 for the first time.",
            ),
            (
                "Record traffic: {coin} processes {count},000 transactions in a day",
                "Fees stayed low in spite of the load, data show.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{protocol} launches on {coin}",
                "The lending application opens with caps of {amount} and plans to raise them within weeks.",
            ),
            (
                "{coin} gains lending app as {protocol} expands",
                "Deposits reached a tenth of the {amount} cap within hours, the team said.",
            ),
            (
                "{protocol} deploys to {coin} with {amount} in incentives",
                "Users who move their deposits early share in the rewards, according to a vote of token holders.",
            ),
            ("Lender {protocol} arrives on {coin}", "{auditor} reviewed the contracts twice before the start."),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Any,
        reach: (2, 4),
        shock: None,
        told: &[
            (
                "{coin} wallet maker {startup} releases hardware signer",
                "The device costs less than a hundred dollars and shows every transaction in plain words.",
            ),
            (
                "{startup} unveils hardware wallet for {coin}",
                "Shipping starts in {month}; the firmware is open for anyone to inspect.",
            ),
            (
                "New {sym} hardware wallet promises readable transactions",
                "Maker {startup} says that {small} testers found no way to trick its screen.",
            ),
            (
                "{startup} takes on wallet market with cheap {coin} signer",
                "The {city} firm expects to sell {count} units in the first year, founder {person} said.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Bitcoin,
        reach: (1, 3),
        shock: None,
        told: &[
            (
                "New release of {coin} node software speeds up first sync",
                "Version {small}.0 verifies the chain {percent} faster on ordinary machines, release notes say.",
            ),
            (
                "{coin} node release {small}.0 is out",
                "Faster start, less memory: the volunteer team lists {count} changes since the last version.",
            ),
            (
                "Node operators get faster {coin} software",
                "Tests show {percent} less time until a fresh node has caught up with the chain.",
            ),
            (
                "What is new in version {small}.0 of {coin}'s node software",
                "The most visible change is a quicker first start, maintainers say.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{coin} holders vote to cut token issuance",
                "The proposal passed with {percent} of votes against it and takes effect with the next release.",
            ),
            (
                "Vote on {coin} supply passes",
                "New tokens will enter circulation more slowly from {month}, after the largest turnout in {small} weeks.",
            ),
            (
                "{coin} community backs plan to slow inflation of the token",
                "Validators had warned of thinner rewards; only {percent} of the votes went against the change.",
            ),
            (
                "Fewer new tokens: {sym} governance adopts issuance cut",
                "Delegates of {fund} were among those in favor, records of the vote show.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Technology,
        cast: Cast::Chains,
        reach: (3, 6),
        shock: None,
        told: &[
            (
                "{protocol} sets date for airdrop to {coin} users",
                "A tenth of the supply goes to early depositors, who can claim from {weekday} on.",
            ),
            (
                "Airdrop ahead for early users of {protocol}",
                "The {coin} application took a record of who had used it by last month, its team said.",
            ),
            (
                "{protocol} to hand out tokens on {weekday}",
                "About {count} addresses on {coin} qualify, and a checker is online.",
            ),
            (
                "Who gets the {protocol} airdrop? Rules published",
                "Wallets with at least {small} transactions on {coin} share a tenth of the tokens.",
            ),
        ],
        later: &[(
            "{protocol} airdrop claims open, site buckles under load",
            "Users of the {coin} application reported errors in the first minutes; the team asked for patience.",
        )],
    },
];
