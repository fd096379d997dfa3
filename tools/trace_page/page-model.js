'use strict';
// page-model.js - from events to what the views draw, in one pass.
//
// The model holds the processes as a tree, and for each thread and CPU a lane
// of slices, lists of marks and of system calls. Everything is in typed arrays
// in order of time, so that a view finds the part that it shows by binary
// search. Lost events do not break it: a thread that does something runs.
// Read next: page-lanes.js, page-frames.js.

const NEW = 0, READY = 1, RUNNING = 2, BLOCKED = 3, DEAD = 4, NOTHING = -1;

// Group items by a key in [0, keys): {order, from}; the items of key k are
// order[from[k]] to order[from[k + 1] - 1], as they came.
function group_by(key_of, items, keys) {
    const from = new Uint32Array(keys + 1);
    for (let i = 0; i < items.length; i++)
        from[key_of(i) + 1]++;
    for (let k = 0; k < keys; k++)
        from[k + 1] += from[k];
    const place = from.slice();
    const order = new items.constructor(items.length);
    for (let i = 0; i < items.length; i++)
        order[place[key_of(i)]++] = items[i];
    return {order, from, list: k => order.subarray(from[k], from[k + 1])};
}

class Model {
    constructor(trace) {
        this.trace = trace;
        this.make_processes();
        this.make_threads();
        this.find_actors();
        this.make_lanes();
        this.make_marks();
        this.make_calls();
        this.make_faults();
        this.make_arrows();
        this.make_rows();
    }

    // ---- processes and threads ----

    make_processes() {
        this.processes = this.trace.processes.map((p, index) => ({
            ...p, index, children: [], up: null, reaped: null,
            start: p.start || 0,
        }));
        this.by_pid = new Map();
        for (const p of this.processes) {
            if (!this.by_pid.has(p.pid))
                this.by_pid.set(p.pid, []);
            this.by_pid.get(p.pid).push(p);
        }
        this.roots = [];
        for (const p of this.processes) {
            p.up = this.process_at(p.parent, p.start);
            if (p.up === p)
                p.up = null;
            (p.up ? p.up.children : this.roots).push(p);
        }
        this.ordered = [];
        const seen = new Set();
        const visit = (list, depth) => {
            for (const p of list) {
                if (seen.has(p))
                    continue;
                seen.add(p);
                p.depth = depth;
                p.colour = PALETTE[this.ordered.length % PALETTE.length];
                this.ordered.push(p);
                visit(p.children, depth + 1);
            }
        };
        visit(this.roots, 0);
        visit(this.processes, 0);
    }

    // The process that had this number at time t; null: none.
    process_at(pid, t) {
        const list = this.by_pid.get(pid);
        if (!list)
            return null;
        let best = list[0];
        for (const p of list)
            if (p.start <= t)
                best = p;
        return best;
    }

    // The name of a process at time t.
    name_at(process, t) {
        let name = process.names.length ? process.names[0][1] : '';
        for (const [since, text] of process.names)
            if (since <= t)
                name = text;
        return name || '?';
    }

    make_threads() {
        this.threads = this.trace.threads.map((t, index) => ({
            ...t, index, start: t.start || 0, lane: new Lane(),
            call_lane: new Lane(),
            process: this.process_at(t.pid, t.start || 0),
        }));
        this.by_tid = new Map();
        for (const t of this.threads) {
            if (!this.by_tid.has(t.tid))
                this.by_tid.set(t.tid, []);
            this.by_tid.get(t.tid).push(t);
        }
    }

    // A thread by number at time t; null: none, or a CPU's idle thread.
    thread_at(tid, t) {
        const list = this.by_tid.get(tid);
        if (!list)
            return null;
        let best = list[0];
        for (const thread of list)
            if (thread.start <= t)
                best = thread;
        return best;
    }

    // who[i]: the index of the thread of event i, -1 for an idle thread.
    find_actors() {
        const trace = this.trace;
        this.who = new Int32Array(trace.count);
        for (let i = 0; i < trace.count; i++) {
            const tid = trace.tid[i];
            const list = this.by_tid.get(tid);
            if (!list)
                this.who[i] = -1;
            else if (list.length === 1)
                this.who[i] = list[0].index;
            else
                this.who[i] = this.thread_at(tid, trace.time[i]).index;
        }
    }

    colour(thread) {
        return thread && thread.process ? thread.process.colour : '#8c8c8c';
    }

    thread_name(thread, t) {
        if (!thread)
            return 'idle';
        return thread.process ? this.name_at(thread.process, t) :
            thread.name || 'kernel';
    }

    // "name (tid)" at the time of event i.
    thread_text(tid, i) {
        if (tid === 0)
            return 'idle';
        const thread = this.thread_at(tid, this.trace.time[i]);
        return thread ?
            `${this.thread_name(thread, this.trace.time[i])} (${tid})` :
            `thread ${tid}`;
    }

    process_text(pid, i) {
        const p = this.process_at(pid, this.trace.time[i]);
        return p ? `${this.name_at(p, this.trace.time[i])} (${pid})` :
            `process ${pid}`;
    }

    actor(i) {
        return this.thread_text(this.trace.tid[i], i);
    }

    // ---- lanes ----

    make_lanes() {
        const trace = this.trace;
        const states = new LaneBuilder(this);
        const handlers = trace.kinds.map(kind => {
            const name = 'on_' + kind.name;
            return states[name] ? states[name].bind(states) : null;
        });
        for (let i = 0; i < trace.count; i++) {
            states.check_running(i);
            const handler = handlers[trace.kind[i]];
            if (handler)
                handler(i, trace.time[i]);
        }
        states.finish();
        this.states = states.states;
        this.cpus = states.cpus;
        this.in_irq = states.in_irq;
        this.call_enter = Uint32Array.from(states.call_enter);
        this.call_exit = Int32Array.from(states.call_exit);
    }

    // ---- marks: events that the timeline shows below a lane ----

    make_marks() {
        const trace = this.trace;
        const skip = trace.kinds.map(k => UNMARKED.has(k.name) ||
                                     k.group === 'map');
        const fault = trace.kind_of.fault, irq = trace.kind_of.irq_enter;
        const marks = [], faults = [], irqs = [];
        for (let i = 0; i < trace.count; i++) {
            const kind = trace.kind[i];
            if (kind === irq)
                irqs.push(i);
            else if (this.who[i] >= 0 && !skip[kind])
                (kind === fault ? faults : marks).push(i);
        }
        const who = this.who;
        const per_thread = list => {
            const items = Uint32Array.from(list);
            return group_by(i => who[items[i]], items, this.threads.length);
        };
        this.fault_events = Uint32Array.from(faults);
        const grouped = per_thread(marks), grouped_faults = per_thread(faults);
        for (const thread of this.threads) {
            thread.marks = grouped.list(thread.index);
            thread.faults = grouped_faults.list(thread.index);
        }
        const items = Uint32Array.from(irqs);
        const by_cpu = group_by(i => trace.cpu[items[i]], items,
                                this.cpus.length);
        this.cpus.forEach((cpu, c) => { cpu.marks = by_cpu.list(c); });
    }

    // ---- system calls, by number, with sums ----

    make_calls() {
        const trace = this.trace, count = this.call_enter.length;
        const place = arg_places(trace, 'syscall_enter');
        const result = arg_places(trace, 'syscall_exit').result;
        const index = new Map(), numbers = [];
        const key = new Uint32Array(count), items = new Uint32Array(count);
        for (let i = 0; i < count; i++) {
            const number = trace.arg(this.call_enter[i], place.number);
            if (!index.has(number)) {
                index.set(number, numbers.length);
                numbers.push(number);
            }
            key[i] = index.get(number);
            items[i] = i;
        }
        const grouped = group_by(i => key[i], items, numbers.length);
        this.calls = numbers.map((number, k) => {
            const list = grouped.list(k), n = list.length;
            const call = {number, name: call_text(trace, number), count: n,
                          time: new Float64Array(n),
                          spent: new Float64Array(n + 1),
                          failed: new Uint32Array(n + 1)};
            for (let j = 0; j < n; j++) {
                const enter = this.call_enter[list[j]];
                const exit = this.call_exit[list[j]];
                call.time[j] = trace.time[enter];
                call.spent[j + 1] = call.spent[j] + (exit < 0 ? 0 :
                    trace.time[exit] - trace.time[enter]);
                const value = exit < 0 ? 0 : trace.arg(exit, result);
                call.failed[j + 1] = call.failed[j] +
                    (value < 0 && value >= -4095 ? 1 : 0);
            }
            return call;
        });
    }

    // ---- faults, by class and by process ----

    make_faults() {
        const trace = this.trace, events = this.fault_events;
        const classes = FAULT_CLASSES.length;
        const class_of = fault_classes(trace);
        this.fault_class = new Uint8Array(events.length);
        const times = new Float64Array(events.length);
        for (let i = 0; i < events.length; i++) {
            this.fault_class[i] = class_of(events[i]);
            times[i] = trace.time[events[i]];
        }
        this.class_of_fault = class_of;
        const by_class = group_by(i => this.fault_class[i], times, classes);
        this.fault_times = FAULT_CLASSES.map((_, c) => by_class.list(c));
        const owner = i => {
            const p = this.threads[this.who[events[i]]].process;
            return (p ? p.index : this.processes.length) * classes +
                this.fault_class[i];
        };
        const grouped = group_by(owner, times,
                                 (this.processes.length + 1) * classes);
        this.process_faults = (p, c) => grouped.list(p.index * classes + c);
    }

    // ---- arrows, in order of their begin ----

    make_arrows() {
        const {flow, time, flow_kinds} = this.trace;
        const order = new Uint32Array(flow.count).map((_, i) => i);
        order.sort((a, b) => flow.from[a] - flow.from[b]);
        const start = new Float64Array(flow.count);
        for (let i = 0; i < flow.count; i++)
            start[i] = time[flow.from[order[i]]];
        const ends = order.slice().sort((a, b) => flow.to[a] - flow.to[b]);
        this.arrows = flow_kinds.map((name, kind) => {
            const mine = order.filter(f => flow.kind[f] === kind);
            const last = ends.filter(f => flow.kind[f] === kind);
            return {name, kind, by_start: mine, by_end: last,
                    start: Float64Array.from(mine, f => time[flow.from[f]]),
                    end: Float64Array.from(last, f => time[flow.to[f]])};
        });
    }

    // The thread at an end of an arrow; the CPU instead if an interrupt did it.
    arrow_end(event, is_target) {
        const kind = this.trace.kinds[this.trace.kind[event]].name;
        if (is_target && kind === 'switch')
            return this.thread_at(this.trace.arg(event, 0),
                                  this.trace.time[event]);
        if (!is_target && (this.in_irq.has(event) || this.who[event] < 0))
            return this.cpus[this.trace.cpu[event]];
        return this.threads[this.who[event]] ||
            this.cpus[this.trace.cpu[event]];
    }

    // ---- rows of the timeline: CPUs, then threads in the tree's order ----

    make_rows() {
        this.rows = this.cpus.slice();
        const rest = new Set(this.threads);
        for (const p of this.ordered)
            for (const thread of this.threads_of(p)) {
                this.rows.push(thread);
                rest.delete(thread);
            }
        for (const thread of rest)
            if (thread.lane.count > 1 || thread.marks.length)
                this.rows.push(thread);
    }

    threads_of(process) {
        if (!this.threads_by_process) {
            this.threads_by_process = new Map();
            for (const thread of this.threads) {
                const key = thread.process;
                if (!this.threads_by_process.has(key))
                    this.threads_by_process.set(key, []);
                this.threads_by_process.get(key).push(thread);
            }
        }
        return this.threads_by_process.get(process) || [];
    }
}

// Turns events into slices: one method for each kind that changes a lane.
class LaneBuilder {
    constructor(model) {
        this.model = model;
        this.trace = model.trace;
        this.cpus = Array.from({length: this.trace.cpus}, (_, number) =>
            ({cpu: number, lane: new Lane(), running: null, depth: 0}));
        this.call_enter = [];
        this.call_exit = [];
        this.open_call = new Int32Array(model.threads.length).fill(-1);
        this.in_irq = new Set();
        this.places = {};
        for (const kind of this.trace.kinds)
            this.places[kind.name] = arg_places(this.trace, kind.name);
        this.states = (this.trace.enums.t || []).map(name => ({
            NEW, READY, RUNNING: READY, BLOCKED, DEAD}[name.toUpperCase()]));
        for (const thread of model.threads)
            if (!thread.start)
                thread.lane.change(0, BLOCKED);
    }

    arg(i, kind, name) {
        return this.trace.arg(i, this.places[kind][name]);
    }

    // Event i shows who runs there; differs only at the start or after a loss.
    check_running(i) {
        const cpu = this.cpus[this.trace.cpu[i]], who = this.model.who[i];
        if (cpu.running === who)
            return;
        const t = cpu.running === null ? 0 : this.trace.time[i];
        this.run(cpu, who, t);
    }

    run(cpu, who, t) {
        cpu.running = who;
        cpu.lane.change(t, who);
        if (who >= 0) {
            const thread = this.model.threads[who];
            thread.lane.change(Math.max(t, thread.start), RUNNING, cpu.cpu);
        }
    }

    thread(tid, t) {
        return this.model.thread_at(tid, t);
    }

    on_switch(i, t) {
        const prev = this.model.threads[this.model.who[i]];
        const state = this.states[this.arg(i, 'switch', 'state')];
        if (prev) {
            const gone = state === DEAD && prev.tid !== prev.pid;
            prev.lane.change(t, gone ? NOTHING : state,
                this.arg(i, 'switch', 'waits'));
            if (state === DEAD)
                this.end_call(prev.index, -1, t);
        }
        const next = this.thread(this.arg(i, 'switch', 'next'), t);
        this.run(this.cpus[this.trace.cpu[i]], next ? next.index : -1, t);
    }

    on_wake(i, t) {
        const thread = this.thread(this.arg(i, 'wake', 'tid'), t);
        if (this.cpus[this.trace.cpu[i]].depth > 0)
            this.in_irq.add(i);
        if (!thread)
            return;
        const what = thread.lane.what[thread.lane.what.length - 1];
        if (what === undefined || what === BLOCKED || what === NEW)
            thread.lane.change(t, READY);
    }

    on_fork(i, t) {
        const thread = this.thread(this.arg(i, 'fork', 'tid'), t);
        if (thread && !thread.lane.what.length)
            thread.lane.change(t, NEW);
    }

    on_wait(i, t) {
        const pid = this.arg(i, 'wait', 'pid');
        const process = this.model.process_at(pid, t);
        if (process)
            process.reaped = t;
        const thread = this.thread(pid, t);
        if (thread && thread.lane.what[thread.lane.what.length - 1] === DEAD)
            thread.lane.change(t, NOTHING);
    }

    on_irq_enter(i) {
        this.cpus[this.trace.cpu[i]].depth++;
    }

    on_irq_exit(i) {
        const cpu = this.cpus[this.trace.cpu[i]];
        cpu.depth = Math.max(0, cpu.depth - 1);
    }

    on_syscall_enter(i, t) {
        const who = this.model.who[i];
        if (who < 0)
            return;
        this.end_call(who, -1, t);
        this.open_call[who] = this.call_enter.length;
        this.call_enter.push(i);
        this.call_exit.push(-1);
        this.model.threads[who].call_lane.change(t,
            this.arg(i, 'syscall_enter', 'number'), i);
    }

    on_syscall_exit(i, t) {
        if (this.model.who[i] >= 0)
            this.end_call(this.model.who[i], i, t);
    }

    end_call(who, exit, t) {
        const call = this.open_call[who];
        if (call < 0)
            return;
        this.call_exit[call] = exit;
        this.open_call[who] = -1;
        this.model.threads[who].call_lane.change(t, NOTHING);
    }

    finish() {
        const end = this.trace.end;
        for (const cpu of this.cpus) {
            if (!cpu.lane.what.length)
                cpu.lane.change(0, -1);
            cpu.lane.finish(end, 1, who => who >= 0 ? 0 : -1);
        }
        for (const thread of this.model.threads) {
            thread.lane.finish(end, 2, what => what === RUNNING ? 0 :
                what === READY || what === NEW ? 1 : -1);
            thread.call_lane.finish(end, 1, what => what >= 0 ? 0 : -1);
        }
    }
}
