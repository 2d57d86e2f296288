//! What the files of debugfs tell of a context, in the words of Linux's.
//!
//! A context is shown process by process, and the lock is given back between them. Numbers of
//! processes and threads are those that the reader sees.

use core::fmt::{Result, Write};

use abi::binder::{command, reply};

use super::context::{Context, State};
use super::list::{Job, List};
use super::node::{Node, NodeKey};
use super::process::{Process, ProcessKey};
use super::statistics::Statistics;
use super::thread::{Thread, ThreadKey};
use super::transaction::TransactionKey;

/// Who reads.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// How the reader sees the number of a process or thread.
    pub sees: &'a dyn Fn(u32) -> i32,
    /// What the context is called.
    pub name: &'a str,
}

/// Where the text goes, and for whom.
struct Page<'a> {
    out: &'a mut dyn Write,
    reader: Reader<'a>,
    /// Only what is under way is told.
    only_transactions: bool,
}

impl Page<'_> {
    fn sees(&self, number: u32) -> i32 {
        (self.reader.sees)(number)
    }
}

impl Context {
    /// `state`: all that there is.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn show_state(&self, reader: Reader<'_>, out: &mut dyn Write) -> Result {
        self.show(reader, out, false)
    }

    /// `transactions`: what is under way.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn show_transactions(&self, reader: Reader<'_>, out: &mut dyn Write) -> Result {
        self.show(reader, out, true)
    }

    fn show(&self, reader: Reader<'_>, out: &mut dyn Write, only_transactions: bool) -> Result {
        let mut page = Page {
            out,
            reader,
            only_transactions,
        };
        if !only_transactions {
            self.lock().show_dead_nodes(&mut page)?;
        }
        let mut place = 0;
        loop {
            let state = self.lock();
            let Some((key, _)) = state.processes.next_from(place) else {
                return Ok(());
            };
            place = key.index() + 1;
            state.show_process(key, &mut page)?;
        }
    }

    /// `proc/PID`: what there is of the openings by one process.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn show_process(&self, pid: u32, reader: Reader<'_>, out: &mut dyn Write) -> Result {
        let mut page = Page {
            out,
            reader,
            only_transactions: false,
        };
        let mut place = 0;
        loop {
            let state = self.lock();
            let Some((key, process)) = state.processes.next_from(place) else {
                return Ok(());
            };
            place = key.index() + 1;
            if process.opener.pid == pid {
                state.show_process(key, &mut page)?;
            }
        }
    }

    /// The processes that have the context open and whose numbers, as the root sees them, are
    /// above one: the lowest.
    pub fn next_pid(&self, above: u32) -> Option<u32> {
        let state = self.lock();
        let (mut lowest, mut place) = (None::<u32>, 0);
        while let Some((key, process)) = state.processes.next_from(place) {
            place = key.index() + 1;
            let pid = process.opener.pid;
            if pid > above && lowest.is_none_or(|lowest| pid < lowest) {
                lowest = Some(pid);
            }
        }
        lowest
    }

    /// `stats`: how often what was done.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn show_statistics(&self, reader: Reader<'_>, out: &mut dyn Write) -> Result {
        self.lock().show_totals(out)?;
        let mut place = 0;
        loop {
            let state = self.lock();
            let Some((key, process)) = state.processes.next_from(place) else {
                return Ok(());
            };
            place = key.index() + 1;
            writeln!(out, "proc {}", (reader.sees)(process.opener.pid))?;
            writeln!(out, "context {}", reader.name)?;
            state.show_process_statistics(process, out)?;
        }
    }
}

impl State {
    fn show_dead_nodes(&self, page: &mut Page<'_>) -> Result {
        let (mut place, mut any) = (0, false);
        while let Some((key, node)) = self.nodes.next_from(place) {
            place = key.index() + 1;
            if node.process.is_some() {
                continue;
            }
            if !core::mem::replace(&mut any, true) {
                writeln!(page.out, "dead nodes:")?;
            }
            self.show_node(node, page)?;
        }
        Ok(())
    }

    fn show_process(&self, key: ProcessKey, page: &mut Page<'_>) -> Result {
        let process = &self.processes[key];
        if page.only_transactions && !self.has_transactions(process) {
            return Ok(());
        }
        let pid = page.sees(process.opener.pid);
        writeln!(page.out, "proc {pid}\ncontext {}", page.reader.name)?;
        for thread in process.threads.values() {
            self.show_thread(*thread, page)?;
        }
        for node in process.nodes.values() {
            if !page.only_transactions || self.nodes[*node].has_async {
                self.show_node(&self.nodes[*node], page)?;
                self.show_waiting(*node, page)?;
            }
        }
        if !page.only_transactions {
            self.show_references(process, page)?;
        }
        self.show_buffers(process, page)?;
        self.show_list(process.todo, "  ", page)?;
        if !self.lists.is_empty(process.delivered_deaths) {
            writeln!(page.out, "  has delivered dead binder")?;
        }
        Ok(())
    }

    fn has_transactions(&self, process: &Process) -> bool {
        let mut threads = process
            .threads
            .values()
            .map(|thread| &self.threads[*thread]);
        let mut nodes = process.nodes.values().map(|node| &self.nodes[*node]);
        threads.any(|thread| thread.stack.is_some() || !self.lists.is_empty(thread.todo))
            || nodes.any(|node| node.has_async)
            || !self.lists.is_empty(process.todo)
    }

    fn show_thread(&self, key: ThreadKey, page: &mut Page<'_>) -> Result {
        let Thread {
            tid,
            looper,
            must_return,
            stack,
            todo,
            ..
        } = &self.threads[key];
        let is_idle = stack.is_none() && self.lists.is_empty(*todo);
        if page.only_transactions && is_idle {
            return Ok(());
        }
        let (tid, need_return) = (page.sees(*tid), u8::from(*must_return));
        writeln!(
            page.out,
            "  thread {tid}: l {:02x} need_return {need_return} tr 0",
            looper.0
        )?;
        let mut next = *stack;
        while let Some(transaction) = next {
            let (label, below) = match self.transactions.get(transaction) {
                Some(found) if found.to_thread == Some(key) => {
                    ("    incoming transaction", found.to_parent)
                }
                Some(found) => ("    outgoing transaction", found.from_parent),
                None => break,
            };
            self.show_transaction(label, transaction, page)?;
            next = below;
        }
        self.show_list(*todo, "    ", page)
    }

    fn show_transaction(&self, label: &str, key: TransactionKey, page: &mut Page<'_>) -> Result {
        let Some(transaction) = self.transactions.get(key) else {
            return Ok(());
        };
        let ids = |thread: Option<ThreadKey>| {
            let thread = thread.and_then(|thread| self.threads.get(thread));
            let tid = thread.map_or(0, |thread| page.sees(thread.tid));
            let owner = thread.and_then(|thread| self.processes.get(thread.process));
            (owner.map_or(0, |owner| page.sees(owner.opener.pid)), tid)
        };
        let (from, to) = (ids(transaction.from), ids(transaction.to_thread));
        let owner = self.processes.get(transaction.to_process);
        let to_pid = owner.map_or(0, |owner| page.sees(owner.opener.pid));
        write!(
            page.out,
            "{label} {}: from {}:{} to {to_pid}:{} code {:x} flags {:x} pri 0:{} r{}",
            transaction.id,
            from.0,
            from.1,
            to.1,
            transaction.code,
            transaction.flags,
            120 + transaction.nice,
            u8::from(!transaction.is_one_way() && transaction.from.is_some()),
        )?;
        let buffer = owner.and_then(|owner| owner.space.get(transaction.buffer?));
        match buffer {
            Some(buffer) => writeln!(
                page.out,
                " size {}:{}",
                buffer.data_size, buffer.offsets_size
            ),
            None => writeln!(page.out, " buffer free"),
        }
    }

    fn show_node(&self, node: &Node, page: &mut Page<'_>) -> Result {
        write!(
            page.out,
            "  node {}: u{:016x} c{:016x} hs {} hw {} ls {} lw {} is {} iw {} tr 0",
            node.id,
            node.ptr,
            node.cookie,
            u8::from(node.has_strong),
            u8::from(node.has_weak),
            node.local_strong,
            node.local_weak,
            node.strong_references,
            node.references.len(),
        )?;
        if !node.references.is_empty() {
            write!(page.out, " proc")?;
        }
        for holder in node.references.keys() {
            let pid = self
                .processes
                .get(*holder)
                .map_or(0, |process| process.opener.pid);
            write!(page.out, " {}", page.sees(pid))?;
        }
        writeln!(page.out)
    }

    fn show_waiting(&self, key: NodeKey, page: &mut Page<'_>) -> Result {
        let Some(list) = self.nodes[key].async_todo else {
            return Ok(());
        };
        let mut next = self.lists.first(list);
        while let Some((item, job)) = next {
            next = self.lists.after(list, item);
            if let Job::Transaction(transaction) = job {
                self.show_transaction("    pending async transaction", transaction, page)?;
            }
        }
        Ok(())
    }

    fn show_references(&self, process: &Process, page: &mut Page<'_>) -> Result {
        let mut handle = 0;
        loop {
            if let Some(reference) = process.reference(handle) {
                let node = self.nodes.get(reference.node);
                let is_dead = node.is_none_or(|node| node.process.is_none());
                writeln!(
                    page.out,
                    "  ref {}: desc {handle} {}node {} s {} w {} d {}",
                    reference.id,
                    if is_dead { "dead " } else { "" },
                    node.map_or(0, |node| node.id),
                    reference.strong,
                    reference.weak,
                    u8::from(reference.death.is_some()),
                )?;
            }
            let Some((key, _)) = process.references.next_from(handle as usize) else {
                return Ok(());
            };
            handle = key.index() as u32 + 1;
        }
    }

    fn show_buffers(&self, process: &Process, page: &mut Page<'_>) -> Result {
        let mut place = 0;
        while let Some((key, buffer, next)) = process.space.next_buffer(place) {
            place = next;
            writeln!(
                page.out,
                "  buffer {}: {:x} size {}:{}:0 {}",
                key.index(),
                process.space.bytes(key).start,
                buffer.data_size,
                buffer.offsets_size,
                if buffer.transaction.is_some() {
                    "active"
                } else {
                    "delivered"
                },
            )?;
        }
        Ok(())
    }

    fn show_list(&self, list: List, indent: &str, page: &mut Page<'_>) -> Result {
        let mut next = self.lists.first(list);
        while let Some((item, job)) = next {
            next = self.lists.after(list, item);
            match job {
                Job::Transaction(key) => {
                    write!(page.out, "{indent}")?;
                    self.show_transaction("pending transaction", key, page)?;
                }
                Job::Tell(_) | Job::Sent => writeln!(page.out, "{indent}transaction complete")?,
                Job::ReturnError | Job::ReplyError => {
                    writeln!(page.out, "{indent}transaction error")?;
                }
                Job::Node(key) => {
                    let node = &self.nodes[key];
                    let (id, ptr, cookie) = (node.id, node.ptr, node.cookie);
                    writeln!(
                        page.out,
                        "{indent}node work {id}: u{ptr:016x} c{cookie:016x}"
                    )?;
                }
                Job::Death(key) if self.deaths[key].is_dead => {
                    writeln!(page.out, "{indent}has dead binder")?;
                }
                Job::Death(_) => writeln!(page.out, "{indent}has cleared death notification")?,
                Job::Ends | Job::Waiter(_) => {}
            }
        }
        Ok(())
    }

    fn show_totals(&self, out: &mut dyn Write) -> Result {
        let mut all = self.statistics.clone();
        let mut place = 0;
        while let Some((key, process)) = self.processes.next_from(place) {
            place = key.index() + 1;
            all.add(&process.statistics);
        }
        show_counts(&all, "", out)?;
        let kinds = [
            ("proc", self.processes.len(), self.processes.total()),
            ("thread", self.threads.len(), self.threads.total()),
            ("node", self.nodes.len(), self.nodes.total()),
            ("death", self.deaths.len(), self.deaths.total()),
            (
                "transaction",
                self.transactions.len(),
                self.transactions.total(),
            ),
        ];
        for (name, active, total) in kinds {
            writeln!(out, "{name}: active {active} total {total}")?;
        }
        Ok(())
    }

    fn show_process_statistics(&self, process: &Process, out: &mut dyn Write) -> Result {
        let (mut ready, mut next) = (0, self.lists.first(process.waiting));
        while let Some((item, _)) = next {
            ready += 1;
            next = self.lists.after(process.waiting, item);
        }
        writeln!(out, "  threads: {}", process.threads.len())?;
        writeln!(
            out,
            "  requested threads: {}+{}/{}\n  ready threads {ready}\n  free async space {}",
            process.requested_threads,
            process.started_threads,
            process.max_threads,
            process.space.free_async()
        )?;
        let (mut references, mut strong, mut weak, mut handle) = (0, 0u64, 0u64, 0);
        loop {
            if let Some(reference) = process.reference(handle) {
                references += 1;
                strong += u64::from(reference.strong);
                weak += u64::from(reference.weak);
            }
            let Some((key, _)) = process.references.next_from(handle as usize) else {
                break;
            };
            handle = key.index() as u32 + 1;
        }
        let (mut buffers, mut place) = (0, 0);
        while let Some((_, _, next)) = process.space.next_buffer(place) {
            place = next;
            buffers += 1;
        }
        writeln!(out, "  nodes: {}", process.nodes.len())?;
        writeln!(out, "  refs: {references} s {strong} w {weak}")?;
        writeln!(out, "  buffers: {buffers}")?;
        writeln!(out, "  pending transactions: {}", process.outstanding)?;
        show_counts(&process.statistics, "  ", out)
    }
}

fn show_counts(statistics: &Statistics, indent: &str, out: &mut dyn Write) -> Result {
    let commands = command::NAMES.iter().zip(&statistics.commands);
    let returns = reply::NAMES.iter().zip(&statistics.returns);
    for (name, count) in commands.chain(returns) {
        if *count != 0 {
            writeln!(out, "{indent}{name}: {count}")?;
        }
    }
    Ok(())
}
