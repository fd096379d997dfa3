'use strict';
// page-frames.js - which frame stood behind which page, at every moment.
//
// The events of group "map" are replayed once. Each page of each address space
// is a cell; a cell's history is a list of intervals (frame, rights, from,
// until). Both the intervals of a cell and the number of users of a frame are
// then found for any moment by binary search, so that dragging through time
// costs what is on the screen. Read next: page-pages.js.

const PAGE = 4096;
const PRESENT = 1, WRITABLE = 2, IN_SWAP = 16, NO_ACCESS = 32;
// Why an interval began.
const BY_MAP = 0, BY_COPY = 1, BY_REUSE = 2, BY_FORK = 3, BY_PROTECT = 4,
    BY_MOVE = 5;
// Where the contents come from.
const ANONYMOUS = 0, OF_FILE = 1;

// A typed array that grows.
class Column {
    constructor(Type) {
        this.values = new Type(1024);
        this.count = 0;
    }

    push(value) {
        if (this.count === this.values.length) {
            const more = new this.values.constructor(2 * this.count);
            more.set(this.values);
            this.values = more;
        }
        this.values[this.count] = value;
        return this.count++;
    }

    all() {
        return this.values.subarray(0, this.count);
    }
}

class Frames {
    constructor(model) {
        this.model = model;
        this.trace = model.trace;
        this.zero = this.trace.zero_frame;
        this.spaces = new Map();
        this.cell_space = new Column(Uint32Array);
        this.cell_page = new Column(Float64Array);
        this.interval = {
            cell: new Column(Uint32Array), frame: new Column(Uint32Array),
            bits: new Column(Uint8Array), why: new Column(Uint8Array),
            origin: new Column(Uint8Array), event: new Column(Uint32Array),
            start: new Column(Float64Array), end: new Column(Float64Array)};
        this.frame_ids = new Map();
        this.frame_users = [];
        this.use = {frame: new Column(Uint32Array),
                    time: new Column(Float64Array),
                    count: new Column(Uint32Array)};
        this.series = {time: new Column(Float64Array),
                       shared: new Column(Uint32Array),
                       alone: new Column(Uint32Array)};
        this.shared = this.alone = 0;
        this.cow = new Column(Uint32Array);
        this.closed = {event: new Column(Uint32Array),
                       space: new Column(Uint32Array)};
        this.replay();
        this.index();
    }

    space(id) {
        let space = this.spaces.get(id);
        if (!space) {
            space = {id, cells: new Map(), open: new Map(), areas: [],
                     pending: new Map(), inherited: null};
            this.spaces.set(id, space);
        }
        return space;
    }

    // ---- replay ----

    replay() {
        const trace = this.trace;
        const handlers = trace.kinds.map(kind => {
            const method = this['on_' + kind.name];
            const places = arg_places(trace, kind.name);
            return method && ((i, t) => {
                const args = {};
                for (const name in places)
                    args[name] = trace.arg(i, places[name]);
                method.call(this, args, t, i);
            });
        });
        for (let i = 0; i < trace.count; i++) {
            const handler = handlers[trace.kind[i]];
            if (handler) {
                this.now_event = i;
                handler(i, trace.time[i]);
            }
        }
        const end = trace.end + 1;
        for (const space of this.spaces.values())
            for (const interval of space.open.values())
                this.interval.end.values[interval] = end;
    }

    on_cow_copy(a) {
        this.space(a.space).pending.set(Math.floor(a.address / PAGE), BY_COPY);
    }

    on_cow_reuse(a) {
        this.space(a.space).pending.set(Math.floor(a.address / PAGE),
                                        BY_REUSE);
    }

    on_map(a, t) {
        const space = this.space(a.space);
        const page = Math.floor(a.address / PAGE);
        const why = space.pending.get(page) || BY_MAP;
        space.pending.delete(page);
        if (!a.bits && !a.frame)
            return this.close(space, page, t);
        const hidden = a.bits & (PRESENT | IN_SWAP) ? 0 : PRESENT | NO_ACCESS;
        return this.set(space, page, a.frame, a.bits | hidden, why,
                        this.origin(space, page, why), t);
    }

    on_unmap(a, t) {
        const space = this.space(a.space);
        this.each_open(space, a.start, a.end,
                       page => this.close(space, page, t));
    }

    on_protect(a, t) {
        const space = this.space(a.space);
        const {frame, bits, origin} = this.interval;
        this.each_open(space, a.start, a.end, (page, at) => {
            let rights = bits.values[at] & ~NO_ACCESS;
            rights = a.prot & 2 ? rights : rights & ~WRITABLE;
            this.set(space, page, frame.values[at],
                     a.prot ? rights : rights | NO_ACCESS, BY_PROTECT,
                     origin.values[at], t);
        });
    }

    on_move(a, t) {
        const space = this.space(a.space);
        const {frame, bits, origin} = this.interval;
        const moved = [];
        this.each_open(space, a.start, a.end, (page, at) => {
            moved.push([page + (a.to - a.start) / PAGE, at]);
            this.close(space, page, t);
        });
        for (const [page, at] of moved)
            this.set(space, page, frame.values[at], bits.values[at], BY_MOVE,
                     origin.values[at], t);
    }

    on_share(a, t) {
        const parent = this.space(a.space), child = this.space(a.child);
        if (!child.inherited) {
            child.inherited = parent;
            child.areas = parent.areas.slice();
        }
        const {frame, bits, origin} = this.interval;
        this.each_open(parent, a.start, a.end, (page, at) => {
            const number = frame.values[at], from = origin.values[at];
            const rights = bits.values[at] & (a.cow ? ~WRITABLE : ~0);
            this.set(parent, page, number, rights, BY_FORK, from, t);
            this.set(child, page, number, rights, BY_FORK, from, t);
        });
    }

    on_drop(a, t) {
        const space = this.space(a.space);
        for (const page of [...space.open.keys()])
            this.close(space, page, t);
    }

    on_area(a) {
        this.space(a.space).areas.push(a);
    }

    each_open(space, start, end, call) {
        const first = Math.floor(start / PAGE), last = Math.ceil(end / PAGE);
        if (last - first < space.open.size) {
            for (let page = first; page < last; page++)
                if (space.open.has(page))
                    call(page, space.open.get(page));
        } else {
            for (const [page, at] of [...space.open])
                if (page >= first && page < last)
                    call(page, at);
        }
    }

    // Contents of a page that is mapped now: a copy is anonymous, what was
    // there before stays what it was, otherwise the area says it.
    origin(space, page, why) {
        if (why === BY_COPY)
            return ANONYMOUS;
        const before = space.open.get(page);
        if (before !== undefined)
            return this.interval.origin.values[before];
        const area = this.area_of(space, page);
        return area && area.file ? OF_FILE : ANONYMOUS;
    }

    // The area of a page, as it was mapped last; null: none is known.
    area_of(space, page) {
        const address = page * PAGE;
        for (let i = space.areas.length - 1; i >= 0; i--)
            if (space.areas[i].start <= address &&
                address < space.areas[i].end)
                return space.areas[i];
        return null;
    }

    set(space, page, frame, bits, why, origin, t) {
        const before = space.open.get(page);
        const list = this.interval;
        if (before !== undefined && list.frame.values[before] === frame &&
            list.bits.values[before] === bits)
            return;
        if (before !== undefined)
            this.close(space, page, t);
        let cell = space.cells.get(page);
        if (cell === undefined) {
            cell = this.cell_page.push(page);
            this.cell_space.push(space.id);
            space.cells.set(page, cell);
        }
        list.cell.push(cell);
        list.bits.push(bits);
        list.why.push(why);
        list.origin.push(origin);
        list.event.push(this.now_event);
        list.start.push(t);
        list.end.push(Infinity);
        space.open.set(page, list.frame.push(frame));
        if (why === BY_COPY || why === BY_REUSE)
            this.cow.push(this.now_event);
        if (bits & PRESENT)
            this.count_use(frame, 1, t);
    }

    close(space, page, t) {
        const at = space.open.get(page);
        if (at === undefined)
            return;
        this.interval.end.values[at] = t;
        space.open.delete(page);
        const {event, space: where} = this.closed;
        if (!event.count ||
            event.values[event.count - 1] !== this.now_event) {
            event.push(this.now_event);
            where.push(space.id);
        }
        if (this.interval.bits.values[at] & PRESENT)
            this.count_use(this.interval.frame.values[at], -1, t);
    }

    // One user more or less of a frame: keep its count and the sums.
    count_use(frame, change, t) {
        let id = this.frame_ids.get(frame);
        if (id === undefined) {
            id = this.frame_users.push(0) - 1;
            this.frame_ids.set(frame, id);
        }
        const before = this.frame_users[id], after = before + change;
        this.frame_users[id] = after;
        this.use.frame.push(id);
        this.use.time.push(t);
        this.use.count.push(after);
        if (frame === this.zero)
            return;
        this.alone += (after === 1) - (before === 1);
        this.shared += (after > 1) - (before > 1);
        const {time, shared, alone} = this.series;
        const last = time.count - 1;
        if (last >= 0 && time.values[last] === t) {
            shared.values[last] = this.shared;
            alone.values[last] = this.alone;
        } else {
            time.push(t);
            shared.push(this.shared);
            alone.push(this.alone);
        }
    }

    // ---- questions ----

    index() {
        const cells = this.interval.cell.all();
        const all = new Uint32Array(cells.length).map((_, i) => i);
        this.by_cell = group_by(i => cells[i], all, this.cell_page.count);
        const frames = this.interval.frame.all();
        const id = i => this.frame_ids.has(frames[i]) ?
            this.frame_ids.get(frames[i]) + 1 : 0;
        const ids = this.frame_ids.size;
        this.by_frame = group_by(id, all, ids + 1);
        const uses = this.use.frame.all();
        const order = new Uint32Array(uses.length).map((_, i) => i);
        this.by_use = group_by(i => uses[i], order, ids);
    }

    // The space of a process at time t; undefined: none.
    space_at(process, t) {
        let found;
        if (t < process.start || process.end !== null && t > process.end)
            return undefined;
        for (const [since, id] of process.spaces || [])
            if (since <= t)
                found = id;
        return found;
    }

    // The interval of a page of a space at time t; -1: not mapped.
    find(space_id, page, t) {
        const space = this.spaces.get(space_id);
        const cell = space && space.cells.get(page);
        if (cell === undefined)
            return -1;
        const list = this.by_cell.list(cell);
        const start = this.interval.start.values;
        let low = 0, high = list.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            if (start[list[middle]] > t)
                high = middle;
            else
                low = middle + 1;
        }
        const at = low ? list[low - 1] : -1;
        return at >= 0 && t < this.interval.end.values[at] ? at : -1;
    }

    // How many pages map a frame at time t.
    users(frame, t) {
        const id = this.frame_ids.get(frame);
        if (id === undefined)
            return 0;
        const list = this.by_use.list(id);
        const time = this.use.time.values;
        let low = 0, high = list.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            if (time[list[middle]] > t)
                high = middle;
            else
                low = middle + 1;
        }
        return low ? this.use.count.values[list[low - 1]] : 0;
    }

    // At most `most` intervals that map a frame at time t.
    mappings(frame, t, most = 64) {
        const id = this.frame_ids.get(frame);
        if (id === undefined)
            return [];
        const {start, end, bits} = this.interval;
        const found = [];
        for (const at of this.by_frame.list(id + 1))
            if (start.values[at] <= t && t < end.values[at] &&
                bits.values[at] & PRESENT) {
                found.push(at);
                if (found.length === most)
                    break;
            }
        return found;
    }

    // The most users that a frame has within [from, to).
    most_users(frame, from, to) {
        const id = this.frame_ids.get(frame);
        let most = this.users(frame, from);
        const time = this.use.time.values;
        for (const at of id === undefined ? [] : this.by_use.list(id))
            if (time[at] >= from && time[at] < to)
                most = Math.max(most, this.use.count.values[at]);
        return most;
    }

    // The events that changed pages of the family; kept for the last answer.
    changes(app) {
        const key = `${app.family} ${app.only_cow}`;
        if (this.kept && this.kept.key === key)
            return this.kept.list;
        const spaces = new Set();
        for (const p of family_of(app))
            for (const [, id] of p.spaces || [])
                spaces.add(id);
        const {cell, event, why} = this.interval;
        const found = new Set();
        for (let i = 0; i < event.count; i++) {
            const cow = why.values[i] === BY_COPY || why.values[i] === BY_REUSE;
            if ((cow || !app.only_cow) &&
                spaces.has(this.cell_space.values[cell.values[i]]))
                found.add(event.values[i]);
        }
        const {closed} = this;
        for (let i = 0; i < closed.event.count && !app.only_cow; i++)
            if (spaces.has(closed.space.values[i]))
                found.add(closed.event.values[i]);
        this.kept = {key, list: Uint32Array.from(found).sort()};
        return this.kept.list;
    }

    // The processes that use a space at time t.
    owners(space_id, t) {
        return this.model.ordered.filter(
            p => this.space_at(p, t) === space_id);
    }
}
