'use strict';
// page-lanes.js - rows of slices over time, and drawing them at any zoom.
//
// A lane is what one CPU or thread does: slice i lasts from start[i] to
// start[i + 1]; what[i] says what it is, why[i] carries one number more.
// Drawing jumps by binary search from pixel to pixel, so its cost depends on
// the width of the picture only. A pixel that holds several slices is drawn
// as high as its share of time in use, which prefix sums know exactly.
// Read next: page-timeline.js.

// The first index in [low, high) whose value is more than t.
function first_after(values, t, low = 0, high = values.length) {
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (values[middle] > t)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

// The first index in [low, high) whose value is t or more.
function first_from(values, t, low = 0, high = values.length) {
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (values[middle] >= t)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

class Lane {
    constructor() {
        this.start = [];
        this.what = [];
        this.why = [];
        this.count = 0;
    }

    // The lane goes on with `what` from t; slices of no length vanish.
    change(t, what, why = -1) {
        const last = this.what.length - 1;
        if (last >= 0 && this.start[last] >= t) {
            this.what[last] = what;
            this.why[last] = why;
            return;
        }
        if (last >= 0 && this.what[last] === what && this.why[last] === why)
            return;
        this.start.push(t);
        this.what.push(what);
        this.why.push(why);
    }

    // The lane ends at t; classes(what) is a list of those sums that a slice
    // counts for, of `sums` in all.
    finish(t, sums, classes) {
        this.count = this.what.length;
        this.start.push(Math.max(t, this.count ?
            this.start[this.count - 1] : t));
        this.start = Float64Array.from(this.start);
        this.what = Int32Array.from(this.what);
        this.why = Float64Array.from(this.why);
        this.sums = [];
        for (let s = 0; s < sums; s++) {
            const sum = new Float64Array(this.count + 1);
            for (let i = 0; i < this.count; i++)
                sum[i + 1] = sum[i] + (classes(this.what[i]) === s ?
                    this.start[i + 1] - this.start[i] : 0);
            this.sums.push(sum);
        }
    }

    // The slice at time t, -1 when the lane does not exist then.
    find(t) {
        const i = first_after(this.start, t) - 1;
        return i < this.count ? i : -1;
    }

    // How long class s lasted between two times.
    spent(s, from, to) {
        return this.until(s, to) - this.until(s, from);
    }

    until(s, t) {
        const i = Math.min(first_after(this.start, t) - 1, this.count - 1);
        if (i < 0)
            return 0;
        const whole = this.start[i + 1] - this.start[i];
        const part = this.sums[s][i + 1] - this.sums[s][i];
        return this.sums[s][i] + (whole > 0 ?
            part * Math.min(1, (t - this.start[i]) / whole) : 0);
    }

    // The longest of at most twelve slices of [from, to).
    main_slice(from, to) {
        const step = Math.max(1, Math.floor((to - from) / 12));
        let best = from, length = -1;
        for (let i = from; i < to; i += step) {
            const now = this.start[i + 1] - this.start[i];
            if (now > length) {
                best = i;
                length = now;
            }
        }
        return best;
    }
}

// A window of time on the screen: x() and time() translate.
class Scale {
    constructor(start, end, left, right) {
        this.start = start;
        this.end = end;
        this.left = left;
        this.right = right;
        this.factor = (right - left) / (end - start);
    }

    x(t) {
        return this.left + (t - this.start) * this.factor;
    }

    time(x) {
        return this.start + (x - this.left) / this.factor;
    }
}

// Call slice(i, x, width) for each slice at least a pixel wide, and
// pixel(from, to, x) for each pixel that holds the slices [from, to).
function walk_lane(lane, scale, slice, pixel) {
    let i = Math.max(0, first_after(lane.start, scale.start) - 1);
    let x = Math.max(scale.left, scale.x(lane.start[0]));
    while (i < lane.count && lane.start[i] < scale.end) {
        const right = Math.min(scale.right, scale.x(lane.start[i + 1]));
        if (right - x >= 1) {
            slice(i, x, right - x);
            x = right;
            i++;
            continue;
        }
        const edge = Math.min(scale.right, Math.floor(x) + 1);
        const next = Math.max(i + 1, Math.min(lane.count,
            first_after(lane.start, scale.time(edge), i) - 1));
        pixel(i, next, Math.floor(x));
        x = Math.max(edge, Math.min(scale.right, scale.x(lane.start[next])));
        if (x >= scale.right)
            break;
        i = next;
    }
}

// Call mark(event, x) for at most one event a pixel: the one that ranks
// highest of the first eight there. `list` holds events in order of time.
function walk_marks(list, times, scale, rank, mark) {
    let i = first_listed(list, times, scale.start);
    while (i < list.length && times[list[i]] <= scale.end) {
        const x = Math.floor(scale.x(times[list[i]]));
        const edge = scale.time(x + 1);
        let best = list[i], j = i + 1;
        for (; j < list.length && j < i + 8 && times[list[j]] < edge; j++)
            if (rank(list[j]) > rank(best))
                best = list[j];
        mark(best, x);
        if (j === i + 8)
            j = first_listed(list, times, edge, j);
        i = j;
    }
}

// The first place in list[low..] whose event happens at t or later.
function first_listed(list, times, t, low = 0) {
    let high = list.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (times[list[middle]] >= t)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
