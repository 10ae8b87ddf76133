//! Figures of the process, under the names that every program gives them. They come from `/proc/self`; where there is
//! none, or a part of it can't be read, nothing is told of it.

use std::{fmt, fs, path::PathBuf};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Unit};

use super::{Sheet, seconds};
use crate::model::time::UnixMs;

/// The entry of the auxiliary vector that holds the ticks of a second: `AT_CLKTCK` of `getauxval(3)`.
const TICKS_ENTRY: usize = 17;

/// Memory, processor time, threads, open files, and the time of the start.
#[derive(Debug)]
pub struct ProcessCollector {
    folder: PathBuf,
    started: UnixMs,
}

impl ProcessCollector {
    /// Of this process, which began to work at `started`.
    pub fn new(started: UnixMs) -> Self {
        Self { folder: "/proc/self".into(), started }
    }

    fn read(&self) -> Figures {
        let text = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let status = text("status");
        let ticks_a_second = fs::read(self.folder.join("auxv")).ok().and_then(|vector| ticks_a_second(&vector));
        Figures {
            resident_bytes: status_figure(&status, "VmRSS").and_then(|kib| kib.checked_mul(1024)),
            virtual_bytes: status_figure(&status, "VmSize").and_then(|kib| kib.checked_mul(1024)),
            threads: status_figure(&status, "Threads"),
            cpu_seconds: ticks_a_second.and_then(|ticks| cpu_seconds(&text("stat"), ticks)),
            // The folder that is read is an open file while it is.
            open_files: fs::read_dir(self.folder.join("fd")).ok().map(|files| files.count().saturating_sub(1)),
            most_files: most_files(&text("limits")),
        }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet(encoder);
        let Figures { resident_bytes, virtual_bytes, threads, cpu_seconds, open_files, most_files } = self.read();
        let cpu = "Processor time that was used, by the program and by the system for it.";
        sheet.counter("process_cpu", cpu, Some(&Unit::Seconds), cpu_seconds)?;
        sheet.gauge("process_resident_memory", "Memory in use.", Some(&Unit::Bytes), resident_bytes)?;
        sheet.gauge("process_virtual_memory", "Addresses in use.", Some(&Unit::Bytes), virtual_bytes)?;
        sheet.gauge("process_threads", "Threads.", None, threads)?;
        sheet.gauge("process_open_fds", "Open files and sockets.", None, open_files)?;
        sheet.gauge("process_max_fds", "Files and sockets that may be open.", None, most_files)?;
        let started = Some(seconds(self.started.0));
        sheet.gauge("process_start_time", "When the program started, since 1970.", Some(&Unit::Seconds), started)
    }
}

#[derive(Debug, PartialEq)]
struct Figures {
    resident_bytes: Option<u64>,
    virtual_bytes: Option<u64>,
    threads: Option<u64>,
    cpu_seconds: Option<f64>,
    open_files: Option<usize>,
    most_files: Option<u64>,
}

/// `VmRSS:     1234 kB` and `Threads:  5` of `status`.
fn status_figure(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 of `stat`. The second one, the program's name, may hold anything but ends with the last bracket.
fn cpu_seconds(stat: &str, ticks_a_second: u32) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let sum = ticks.next()?.ok()?.checked_add(ticks.next()?.ok()?)?;
    #[expect(clippy::cast_precision_loss, reason = "exact for a million years of processor time")]
    let sum = sum as f64;
    (ticks_a_second > 0).then(|| sum / f64::from(ticks_a_second))
}

/// Of the auxiliary vector: pairs of a kind and a value.
fn ticks_a_second(vector: &[u8]) -> Option<u32> {
    let (words, _) = vector.as_chunks::<{ size_of::<usize>() }>();
    let (pairs, _) = words.as_chunks::<2>();
    let mut pairs = pairs.iter().map(|pair| pair.map(usize::from_ne_bytes));
    let [_, value] = pairs.find(|[kind, _]| *kind == TICKS_ENTRY)?;
    u32::try_from(value).ok()
}

/// `Max open files            1024                 524288               files` of `limits`.
fn most_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: usize = size_of::<usize>();

    fn vector(pairs: &[(usize, usize)]) -> Vec<u8> {
        pairs.iter().flat_map(|(kind, value)| [kind.to_ne_bytes(), value.to_ne_bytes()].concat()).collect()
    }

    #[test]
    fn a_played_process_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).expect("written");
        write("status", b"Name:\tmarket) pulse\nVmSize:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t7\n");
        write("stat", b"42 (market) pulse) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 3 4 20 0 7 0 12345 0 0\n");
        write("auxv", &vector(&[(6, 4096), (TICKS_ENTRY, 100), (0, 0)]));
        write(
            "limits",
            b"Limit   Soft Limit   Hard Limit   Units\nMax open files            1024    524288    files\n",
        );
        fs::create_dir(folder.path().join("fd")).expect("a folder");
        for number in 0..4 {
            write(&format!("fd/{number}"), b"");
        }
        let played = ProcessCollector { folder: folder.path().to_owned(), started: UnixMs(0) };
        let expected = Figures {
            resident_bytes: Some(1024 * 1024),
            virtual_bytes: Some(2048 * 1024),
            threads: Some(7),
            cpu_seconds: Some(3.0),
            open_files: Some(3),
            most_files: Some(1024),
        };
        assert_eq!(played.read(), expected);
    }

    #[test]
    fn nothing_is_told_of_what_cannot_be_read() {
        let nowhere = ProcessCollector { folder: "/proc/self/nowhere".into(), started: UnixMs(0) };
        let nothing = Figures {
            resident_bytes: None,
            virtual_bytes: None,
            threads: None,
            cpu_seconds: None,
            open_files: None,
            most_files: None,
        };
        assert_eq!(nowhere.read(), nothing);
        assert_eq!(most_files("Max open files            unlimited            unlimited            files"), None);
        assert_eq!(cpu_seconds("42 (a) S 1", 100), None);
        assert_eq!(cpu_seconds("42 (a) S 1 2 3 4 5 6 7 8 9 10 1 2", 0), None);
        assert_eq!(ticks_a_second(&vector(&[(6, 4096)])[..WORD * 2 - 1]), None, "cut off");
        assert_eq!(status_figure("VmRSSX: 5", "VmRSS"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_read() {
        let Figures { resident_bytes, threads, cpu_seconds, open_files, .. } = ProcessCollector::new(UnixMs(0)).read();
        assert!(resident_bytes.is_some_and(|bytes| bytes > 1 << 20));
        assert!(threads.is_some_and(|threads| threads >= 1) && open_files.is_some_and(|files| files >= 3));
        assert!(cpu_seconds.is_some_and(|seconds| seconds >= 0.0));
    }
}
