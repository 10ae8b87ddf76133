//! Exploits, thefts, outages.

use super::{Cast, Plot, Topic::Security};

pub const PLOTS: &[Plot] = &[
    Plot {
        topic: Security,
        cast: Cast::Chains,
        reach: (5, 8),
        shock: Some((-2.6, -1.0)),
        told: &[
            (
                "{protocol} loses {amount} in bridge exploit on {coin}",
                "An attacker forged withdrawal messages on the {protocol} bridge and walked away with {amount}, the project said in a post.",
            ),
            (
                "Hackers drain {about} from {coin} bridge {protocol}",
                "Funds began leaving the bridge shortly before the team halted deposits. Investigators put the damage at {amount}.",
            ),
            (
                "{coin} protocol {protocol} halts bridge after attacker makes off with {amount}",
                "Deposits and withdrawals are suspended while the team traces {amount} in stolen assets with the help of {auditor}.",
            ),
            (
                "Forged messages let thief empty {protocol} of {about}",
                "A flaw in how the bridge to {coin} checks signatures appears to be the cause, according to an early analysis by {auditor}.",
            ),
            (
                "{protocol} confirms security breach, {amount} missing",
                "The team behind the {coin} application has asked exchanges to freeze addresses linked to the theft.",
            ),
            (
                "Bridge hack costs {protocol} users {about}",
                "Wallets holding wrapped {coin} on the service were emptied in a run of {small} transactions, on-chain records show.",
            ),
        ],
        later: &[
            (
                "{protocol} offers hacker 10% bounty for return of stolen {amount}",
                "In a message sent on chain, the project gave the attacker 48 hours to return the rest of the money and keep a tenth of it.",
            ),
            (
                "{auditor} traces part of {protocol} loot to mixing service",
                "Around a fifth of the {amount} taken from the bridge has been moved on, the investigators said.",
            ),
        ],
    },
    Plot {
        topic: Security,
        cast: Cast::Majors,
        reach: (5, 8),
        shock: Some((-2.2, -0.9)),
        told: &[
            (
                "{exchange} suspends withdrawals after {amount} theft from hot wallet",
                "The exchange said that customers will be made whole and that its cold storage was not touched.",
            ),
            (
                "Crypto exchange {exchange} hacked, {about} in {coin} stolen",
                "Blockchain sleuths spotted large outflows of {coin} before the company acknowledged the breach.",
            ),
            (
                "Thieves take {about} from {exchange} hot wallets",
                "Withdrawals are on hold at the trading venue while it moves its remaining balances to cold storage.",
            ),
            (
                "{exchange} says breach cost it {amount}, pledges to cover losses",
                "Chief executive {person} told users that reserves are sufficient and that police have been informed.",
            ),
            (
                "Hot wallet compromise at {exchange}: {coin} worth {amount} gone",
                "Security firm {auditor} believes that a stolen signing key was used to move the coins.",
            ),
        ],
        later: &[
            (
                "{exchange} reopens withdrawals after hot wallet theft",
                "Customers can move {coin} again, the company said, a short time after it lost {amount} to hackers.",
            ),
            (
                "Stolen {exchange} funds on the move, {auditor} warns",
                "About a third of the {amount} taken from the exchange has been sent to fresh addresses.",
            ),
        ],
    },
    Plot {
        topic: Security,
        cast: Cast::Chains,
        reach: (4, 7),
        shock: Some((-2.0, -0.7)),
        told: &[
            (
                "{coin} network halts for {small} minutes after validator bug",
                "Block production stopped when nodes disagreed about a transaction; developers shipped a patch and asked operators to restart.",
            ),
            (
                "{coin} blockchain suffers outage as validators fall out of sync",
                "No new blocks were produced for {small} minutes, and exchanges paused deposits until the chain came back.",
            ),
            (
                "Outage hits {coin}: no blocks for {small} minutes",
                "A faulty release is thought to have caused the standstill, which ended when most validators had restarted.",
            ),
            (
                "Validators restart {coin} following consensus failure",
                "The network is live again after {small} minutes of downtime that developers blame on a software bug.",
            ),
            (
                "{sym} slips as network goes dark",
                "Traders sold {coin} while its chain stood still; core engineers said that no funds were at risk.",
            ),
        ],
        later: &[(
            "{coin} developers publish post-mortem of outage",
            "A rounding error in the fee market made nodes reject each other's blocks, the report on the {small}-minute halt says.",
        )],
    },
    Plot {
        topic: Security,
        cast: Cast::Chains,
        reach: (2, 5),
        shock: None,
        told: &[
            (
                "{auditor} finds critical flaw in {protocol} contracts",
                "The lending app on {coin} paused new loans while it ships a fix. No funds were lost, the researchers said.",
            ),
            (
                "{protocol} pauses lending after researchers report bug",
                "A hole that could have let borrowers walk away with collateral was closed before anybody used it, {auditor} said.",
            ),
            (
                "White hats save {about} at {protocol}",
                "Security researchers moved the money to safety when they saw that the {coin} application could be drained.",
            ),
            (
                "Bug that put {amount} at risk patched by {protocol}",
                "The {coin} project thanked {auditor} and will pay the highest reward of its bounty program.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Security,
        cast: Cast::Any,
        reach: (2, 4),
        shock: None,
        told: &[
            (
                "Fake {coin} wallet app stole {about} before it was pulled",
                "The program copied the look of a popular wallet and sent recovery phrases to its makers, {auditor} reports.",
            ),
            (
                "App store removes counterfeit {coin} wallet after thefts",
                "At least {small} people lost money to the app, which was online for nine days.",
            ),
            (
                "{auditor} warns of phishing wallet aimed at {coin} holders",
                "Victims were lured by ads in search results; losses are put at {amount} so far.",
            ),
            (
                "{small} victims, {about} lost: inside a fake {sym} wallet",
                "Researchers describe how a copycat app passed the store's review and emptied the accounts of its users.",
            ),
        ],
        later: &[],
    },
    Plot {
        topic: Security,
        cast: Cast::Others,
        reach: (3, 6),
        shock: Some((-3.2, -1.2)),
        told: &[
            (
                "{exchange} halts {coin} deposits over double-spend fears",
                "The exchange saw an unusually deep reorganization and raised the number of confirmations it asks for.",
            ),
            (
                "Deep chain reorganization puts {coin} exchanges on alert",
                "{small} blocks were replaced within minutes. {exchange} froze deposits and said it is checking for double spends.",
            ),
            (
                "{coin} hit by {small}-block reorg, {exchange} stops deposits",
                "It is not clear yet whether somebody attacked the chain or a mining pool made a mistake.",
            ),
            (
                "Exchanges tighten rules for {coin} after suspicious reorg",
                "{exchange} was the first to suspend transfers after a run of blocks was rewritten.",
            ),
            (
                "Was {coin} attacked? {small} blocks rewritten in minutes",
                "Analysts at {auditor} say that rented computing power would have been enough for the rewrite.",
            ),
        ],
        later: &[(
            "No double spend found in {coin} reorg, {auditor} says",
            "A look at all {small} replaced blocks showed that every payment in them was included again.",
        )],
    },
];
