'use strict';
// page-data.js - from the text in the page to columns of numbers.
//
// The header is JSON; the columns are one block, deflated and in base64:
// each a typed array of one number for each event, except the arguments, of
// which a kind has as many as it names. Numbers of more than 32 bits come as
// two columns, low and high. trace_load() gives the object that all other
// files call `trace`. Read next: page-model.js.

const COLUMN_TYPES = {u8: Uint8Array, u16: Uint16Array, u32: Uint32Array,
                      i32: Int32Array};

// The bytes behind base64 text.
function base64_bytes(text) {
    if (Uint8Array.fromBase64)
        return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++)
        bytes[i] = raw.charCodeAt(i);
    return bytes;
}

async function inflate(bytes) {
    const stream = new Blob([bytes]).stream()
        .pipeThrough(new DecompressionStream('deflate'));
    return new Response(stream).arrayBuffer();
}

// {name: typed array} for the header's list of columns.
async function read_columns(list) {
    const element = document.getElementById('trace-columns');
    const buffer = await inflate(base64_bytes(element.textContent));
    element.remove();
    const columns = {};
    let offset = 0;
    for (const [name, type, count] of list) {
        const Type = COLUMN_TYPES[type];
        columns[name] = new Type(buffer, offset, count);
        offset += Math.ceil(count * Type.BYTES_PER_ELEMENT / 8) * 8;
    }
    return columns;
}

async function trace_load() {
    const header = JSON.parse(
        document.getElementById('trace-header').textContent);
    const columns = await read_columns(header.columns);
    const count = header.events;
    const trace = Object.assign({}, header, {
        count, cpu: columns.cpu, tid: columns.tid, kind: columns.kind,
        low: columns.args_low, high: columns.args_high,
        time: new Float64Array(count), first: new Uint32Array(count + 1),
        kind_of: {},
    });
    header.kinds.forEach((kind, i) => { trace.kind_of[kind.name] = i; });
    const sizes = header.kinds.map(kind => kind.args.length);
    let now = 0, place = 0;
    for (let i = 0; i < count; i++) {
        now += columns.time_high[i] * 4294967296 + columns.time_low[i];
        trace.time[i] = now;
        trace.first[i] = place;
        place += sizes[columns.kind[i]];
    }
    trace.first[count] = place;
    trace.end = Math.max(header.end, now, 1);
    trace.flow = {count: columns.flow_kind.length, kind: columns.flow_kind,
                  from: columns.flow_from, to: columns.flow_to};
    // Argument k of event i.
    trace.arg = (i, k) => {
        const at = trace.first[i] + k;
        return trace.high[at] * 4294967296 + trace.low[at];
    };
    return trace;
}

// Positions of the arguments of a kind, {name: k}; of an unknown kind none.
function arg_places(trace, name) {
    const kind = trace.kinds[trace.kind_of[name]];
    const places = {};
    (kind ? kind.args : []).forEach((arg, k) => {
        if (!(arg in places))
            places[arg] = k;
    });
    return places;
}
