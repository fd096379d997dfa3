'use strict';
// page-kinds.js - what events mean, in words and colours.
//
// Kinds, arguments and enumerations come with the trace; this file adds the
// sentences, and sorts page faults into the classes that the course names.
// A kind that is not known here is shown with its arguments as they are.
// Read next: page-timeline.js.

// Classes of page faults; the last of them are errors of the program.
const FAULT_CLASSES = [
    {id: 'zero', colour: '#56b4e9', label: 'first touch: new page of zeroes'},
    {id: 'zeroread', colour: '#f0e442',
     label: 'first read: the common page of zeroes'},
    {id: 'file', colour: '#009e73', label: 'page of a file or shared memory'},
    {id: 'stack', colour: '#0072b2', label: 'the stack grows'},
    {id: 'cow', colour: '#d55e00', label: 'copy on write: copied'},
    {id: 'reuse', colour: '#e69f00',
     label: 'copy on write: last holder takes it back'},
    {id: 'swap', colour: '#cc79a7', label: 'fetched from swap'},
    {id: 'other', colour: '#8c8c8c',
     label: 'waits and tries again, or nothing to do'},
    {id: 'bad', colour: '#000000', label: 'error: a signal is sent'},
];
const FAULT_OF_ACTION = {
    FILL_ZERO: 'zero', REPLACE_ZERO: 'zero', MAP_ZERO: 'zeroread',
    FILL_MAPPING: 'file', GROW_STACK: 'stack', COPY_FRAME: 'cow',
    TAKE_BACK: 'reuse', SWAP_IN: 'swap', NO_REGION: 'bad', FORBIDDEN: 'bad',
    KERNEL_BUG: 'bad',
};
const FAULT_ACTION_TEXT = {
    FILL_ZERO: 'the page gets a new frame, filled with zeroes',
    REPLACE_ZERO: 'the page leaves the common frame of zeroes for its own',
    MAP_ZERO: 'the page maps the common frame of zeroes until it is written',
    FILL_MAPPING: 'the page comes from its file or shared memory',
    GROW_STACK: 'the area of the stack grows',
    COPY_FRAME: 'others hold the frame, too: it is copied',
    TAKE_BACK: 'nobody else holds the frame any more: it becomes writable',
    SWAP_IN: 'the page is read back from swap',
    SET_RIGHT: 'the area grants the right, the entry gets it',
    NOTHING: 'the entry is good already, another CPU was faster',
    NO_REGION: 'no area lies there', FORBIDDEN: 'the area forbids this access',
};
const FLOW_STYLE = {
    fork: ['#0072b2', 'fork'],
    wait: ['#cc79a7', 'exit to wait'],
    signal: ['#d55e00', 'signal'],
    pipe: ['#009e73', 'pipe'],
    message: ['#e69f00', 'message'],
    wake: ['#8c8c8c', 'wake-up'],
};
const STATE_TEXT = ['new', 'ready, waits for a CPU', 'running', 'sleeps',
                    'zombie'];
// Kinds that get no mark in the timeline: they are drawn otherwise, or many.
const UNMARKED = new Set(['switch', 'wake', 'task', 'syscall_enter',
    'syscall_exit', 'irq_enter', 'irq_exit', 'sample', 'stack', 'frame_alloc',
    'frame_free', 'cow_copy', 'cow_reuse', 'name']);
const GROUP_COLOURS = {process: '#0072b2', signal: '#d55e00', ipc: '#009e73',
    swap: '#cc79a7', lock: '#e69f00', mark: '#f0e442'};

// A table fault class by action number, and the class of a fault event.
function fault_classes(trace) {
    const place = arg_places(trace, 'fault');
    const index = {};
    FAULT_CLASSES.forEach((c, i) => { index[c.id] = i; });
    const by_action = (trace.enums.a || []).map(
        name => index[FAULT_OF_ACTION[name] || 'other']);
    const results = trace.enums.r || [];
    const bad = results.map(name => /^(SEGV|BUS|OVER|KILLED|KERNEL)/
        .test(name));
    const again = results.map(name => /^(WAIT|POOL)/.test(name));
    return i => {
        const result = trace.arg(i, place.result);
        if (bad[result])
            return index.bad;
        if (again[result])
            return index.other;
        const found = by_action[trace.arg(i, place.action)];
        return found === undefined ? index.other : found;
    };
}

// Colour of a class of faults: errors are drawn in the colour of the text.
function fault_colour(c) {
    return FAULT_CLASSES[c].id === 'bad' ? theme.ink : FAULT_CLASSES[c].colour;
}

function hex(value) {
    return value < 0 ? '-0x' + (-value).toString(16) :
        '0x' + value.toString(16);
}

function bits_text(bits) {
    if (bits & 16)
        return 'in swap';
    if (!(bits & 1))
        return 'not present';
    if (bits & 32)
        return 'no access';
    return (bits & 2 ? 'writable' : 'read-only') +
        (bits & 4 ? ' executable' : '') + (bits & 8 ? ' dirty' : '');
}

function access_text(bits) {
    return (bits & 1 ? 'r' : '-') + (bits & 2 ? 'w' : '-') +
        (bits & 4 ? 'x' : '-');
}

// Exit status as wait gives it, in words.
function status_text(trace, status) {
    if (status === null || status === undefined)
        return 'not ended';
    return status & 127 ? `killed by ${signal_text(trace, status & 127)}` :
        `status ${status >> 8 & 255}`;
}

function signal_text(trace, number) {
    return (trace.enums.signals || {})[number] || `signal ${number}`;
}

function call_text(trace, number) {
    return (trace.enums.syscalls || {})[number] || `call ${number}`;
}

// One argument in words, by the letter of its type.
function value_text(trace, type, value) {
    switch (type) {
    case 'x': case 'k': return hex(value);
    case 'o': return value ? '#' + value : 'none';
    case 'f': return 'frame ' + hex(value);
    case 'b': return bits_text(value);
    case 'm': return access_text(value);
    case 's': return `“${trace.strings[value] || ''}”`;
    default: {
        const names = type === 'd' ? null : trace.enums[type];
        return names && names[value] !== undefined ? names[value] :
            String(value);
    }
    }
}

// {argument: number} of an event.
function event_args(trace, i) {
    const args = {};
    trace.kinds[trace.kind[i]].args.forEach((name, k) => {
        if (!(name in args))
            args[name] = trace.arg(i, k);
    });
    return args;
}

function error_text(bits) {
    return (bits & 16 ? 'instruction fetch' : bits & 2 ? 'write' : 'read') +
        (bits & 1 ? ' of a present page' : ' of a page that is not there') +
        (bits & 4 ? '' : ', by the kernel');
}

// Sentences: (arguments, model, event) -> what happened.
const SENTENCES = {
    switch: (a, m, i) => `the CPU goes to ${m.thread_text(a.next, i)}; ` +
        (m.states[a.state] === BLOCKED ? `${m.actor(i)} sleeps` + (a.waits ?
            ` (${m.trace.strings[a.waits]})` : '') :
            m.states[a.state] === DEAD ? `${m.actor(i)} is gone` :
                `${m.actor(i)} stays ready`),
    wake: (a, m, i) => `wakes ${m.thread_text(a.tid, i)} for CPU ${a.cpu}`,
    task: (a, m, i) => `${m.thread_text(a.tid, i)} was there already`,
    fork: (a, m, i) => (a.tid === a.pid ? 'creates process ' :
        'creates thread ') + m.thread_text(a.tid, i),
    exec: (a, m) => `becomes “${m.trace.strings[a.path]}”`,
    name: (a, m) => `is now called “${m.trace.strings[a.name]}”`,
    exit: (a, m) => `ends: ${status_text(m.trace, a.status)}`,
    thread_exit: () => 'this thread ends',
    wait: (a, m) => `learns that process ${a.pid} ended: ` +
        status_text(m.trace, a.status),
    fault: (a, m) => `${error_text(a.error)} at ${hex(a.address)}: ` +
        (FAULT_ACTION_TEXT[(m.trace.enums.a || [])[a.action]] ||
         value_text(m.trace, 'a', a.action)) +
        (a.result ? ` (${value_text(m.trace, 'r', a.result)})` :
            a.bits & 1 ? `; now frame ${hex(a.frame)}, ${bits_text(a.bits)}` :
                ''),
    cow_copy: a => `page ${hex(a.address)}: ${a.holders} hold frame ` +
        `${hex(a.from)}; the copy is frame ${hex(a.to)}`,
    cow_reuse: a => `page ${hex(a.address)}: frame ${hex(a.frame)} has no ` +
        'other holder left and is kept',
    map: a => `page ${hex(a.address)} is ` + (a.bits & 16 ?
        `in swap slot ${hex(a.frame)}` :
        `frame ${hex(a.frame)}, ${bits_text(a.bits)}`),
    unmap: a => `pages ${hex(a.start)} to ${hex(a.end)} are unmapped`,
    protect: a => `${hex(a.start)} to ${hex(a.end)} may be used ` +
        access_text(a.prot),
    move: a => `pages ${hex(a.start)} to ${hex(a.end)} move to ${hex(a.to)}`,
    share: a => `the child gets what is mapped in ${hex(a.start)} to ` +
        hex(a.end) + (a.cow ? '; both lose the right to write' : ''),
    drop: () => 'all pages of the address space are given up',
    area: (a, m) => `area ${hex(a.start)} to ${hex(a.end)} ` +
        `${access_text(a.prot)}${area_text(m.trace, a)}`,
    frame_alloc: a => `takes ${1 << a.order} frame(s) from ${hex(a.frame)}`,
    frame_free: a => `gives back ${1 << a.order} frame(s) from ` +
        hex(a.frame),
    swap_out: a => `frame ${hex(a.frame)} goes to swap slot ${hex(a.slot)}`,
    swap_in: a => `swap slot ${hex(a.slot)} comes into frame ${hex(a.frame)}`,
    signal_send: (a, m, i) => `sends ${signal_text(m.trace, a.signal)} to ` +
        (a.tid ? m.thread_text(a.tid, i) : m.process_text(a.pid, i)),
    signal_deliver: (a, m, i) => `${signal_text(m.trace, a.signal)} arrives` +
        handler_text(m, i),
    pipe_write: a => `writes ${a.bytes} bytes into pipe #${a.object}`,
    pipe_read: a => `reads ${a.bytes} bytes from pipe #${a.object}`,
    message_send: a => `sends a message of ${a.bytes} bytes to #${a.object}`,
    message_receive: a => `receives a message of ${a.bytes} bytes from ` +
        `#${a.object}`,
    semaphore: a => `semaphore #${a.object}.${a.number} changes by ` +
        `${a.change} to ${a.value}`,
    futex_wait: a => `waits at futex ${hex(a.address)}`,
    futex_wake: a => `wakes ${a.woken} at futex ${hex(a.address)}`,
    spin: (a, m) => `spins ${a.loops} times for the lock ` +
        `“${m.trace.strings[a.name]}”`,
    mutex: (a, m, i) => `waits for the mutex “${m.trace.strings[a.name]}” ` +
        `of ${m.thread_text(a.owner, i)}`,
    irq_enter: (a, m, i) => `interrupt ${a.vector} begins, at ` +
        arg_text(m, i, 'at'),
    irq_exit: a => `interrupt ${a.vector} ends`,
    syscall_enter: (a, m) => `calls ${call_text(m.trace, a.number)}(` +
        ['a', 'b', 'c', 'd', 'e'].map(k => hex(a[k])).join(', ') + ')',
    syscall_exit: (a, m) => `${call_text(m.trace, a.number)} returns ` +
        a.result,
    sample: (a, m, i) => `sample in ${arg_text(m, i, 'at')}`,
    mark: (a, m) => `“${m.trace.strings[a.text]}”`,
};

// The handler of a signal, if it is not the default or "ignore".
function handler_text(model, i) {
    const text = arg_text(model, i, 'handler');
    return !text || text === '0x0' || text === '0x1' ? '' :
        `, handler ${text} runs`;
}

// An argument by name as the list of arguments shows it, without quotes.
function arg_text(model, i, name) {
    const kind = model.trace.kinds[model.trace.kind[i]];
    const k = kind.args.indexOf(name);
    return k < 0 ? '' : value_text(model.trace, kind.types[k],
        model.trace.arg(i, k)).replace(/^“|”$/g, '');
}

function area_text(trace, a) {
    const kind = trace.kinds[trace.kind_of.area];
    const type = kind ? kind.types[kind.args.indexOf('file')] : 'o';
    if (type === 's' && trace.strings[a.file])
        return ' ' + trace.strings[a.file];
    return a.flags & 2 ? ' stack' : a.flags & 4 ? ' heap' :
        a.flags & 1 ? ' shared' : a.file ? ' file #' + a.file : '';
}

// The sentence of event i, without its subject.
function event_text(model, i) {
    const kind = model.trace.kinds[model.trace.kind[i]];
    const args = event_args(model.trace, i);
    if (SENTENCES[kind.name])
        return SENTENCES[kind.name](args, model, i);
    return kind.args.map((name, k) => `${name} ` + value_text(
        model.trace, kind.types[k], model.trace.arg(i, k))).join(', ');
}
