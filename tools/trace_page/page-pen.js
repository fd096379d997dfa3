'use strict';
// page-pen.js - drawing, on a canvas or into an SVG text, with one interface.
//
// Views draw through a pen: rect(), line(), text(), shape(). A pen counts its
// operations, so that a test can show that a redraw costs what the pixels
// cost, not what the events cost. Colours come from the style sheet.
// Read next: page-timeline.js.

// Okabe and Ito's colours: people who see colours differently tell them apart.
const PALETTE = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9',
                 '#d55e00', '#f0e442', '#8c8c8c'];
const FONT = 'system-ui, "DejaVu Sans", sans-serif';

let theme = {};

// Read the colours of the style sheet; called again when they change.
function theme_read() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['back', 'ink', 'quiet', 'line', 'faint', 'accent',
                        'mark', 'box'])
        theme[name] = style.getPropertyValue('--' + name).trim();
}

// Black or white, whichever reads better on a colour #rrggbb.
function ink_on(colour) {
    const value = parseInt(colour.slice(1), 16);
    const light = 0.299 * (value >> 16) + 0.587 * (value >> 8 & 255) +
                  0.114 * (value & 255);
    return light > 130 ? '#111111' : '#ffffff';
}

// As much of a text as fits into a width; "" when too little of it does.
function text_fit(text, width, size) {
    const most = Math.floor(width / (size * 0.6));
    if (text.length <= most)
        return text;
    return most < 3 ? '' : text.slice(0, most - 1) + '…';
}

class CanvasPen {
    // A pen for a canvas of the given size in CSS pixels, which it clears.
    constructor(canvas, width, height) {
        const scale = window.devicePixelRatio || 1;
        if (canvas.width !== Math.round(width * scale) ||
            canvas.height !== Math.round(height * scale)) {
            canvas.width = Math.round(width * scale);
            canvas.height = Math.round(height * scale);
            canvas.style.width = width + 'px';
            canvas.style.height = height + 'px';
        }
        this.width = width;
        this.height = height;
        this.operations = 0;
        this.context = canvas.getContext('2d');
        this.context.setTransform(scale, 0, 0, scale, 0, 0);
        this.context.fillStyle = theme.back;
        this.context.fillRect(0, 0, width, height);
    }

    rect(x, y, width, height, fill, stroke) {
        this.operations++;
        if (fill) {
            this.context.fillStyle = fill;
            this.context.fillRect(x, y, width, height);
        }
        if (stroke) {
            this.context.strokeStyle = stroke;
            this.context.lineWidth = 1;
            this.context.setLineDash([]);
            this.context.strokeRect(x + .5, y + .5, width - 1, height - 1);
        }
    }

    line(x1, y1, x2, y2, stroke, width = 1, dash = []) {
        this.operations++;
        this.context.strokeStyle = stroke;
        this.context.lineWidth = width;
        this.context.setLineDash(dash);
        this.context.beginPath();
        this.context.moveTo(x1, y1);
        this.context.lineTo(x2, y2);
        this.context.stroke();
    }

    // A closed shape from [x, y, x, y, ...].
    shape(points, fill) {
        this.operations++;
        this.context.fillStyle = fill;
        this.context.beginPath();
        this.context.moveTo(points[0], points[1]);
        for (let i = 2; i < points.length; i += 2)
            this.context.lineTo(points[i], points[i + 1]);
        this.context.fill();
    }

    // y is the middle of the line of text; align is start, center or end.
    text(text, x, y, fill, size = 12, align = 'start', weight = 'normal') {
        this.operations++;
        this.context.font = `${weight} ${size}px ${FONT}`;
        this.context.textAlign = align;
        this.context.textBaseline = 'middle';
        this.context.fillStyle = fill;
        this.context.fillText(text, x, y);
    }
}

// The same as text of an SVG file that stands alone.
class SvgPen {
    constructor(width, height, title) {
        this.width = width;
        this.height = height;
        this.operations = 0;
        this.parts = [
            `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
            `height="${height}" viewBox="0 0 ${width} ${height}" ` +
            'font-family="system-ui, DejaVu Sans, sans-serif">',
            `<title>${xml_escape(title)}</title>`];
        this.rect(0, 0, width, height, theme.back);
    }

    rect(x, y, width, height, fill, stroke) {
        this.operations++;
        const inset = stroke ? .5 : 0;
        this.parts.push(`<rect x="${round(x + inset)}" ` +
            `y="${round(y + inset)}" ` +
            `width="${round(width - 2 * inset)}" ` +
            `height="${round(height - 2 * inset)}" fill="${fill || 'none'}"` +
            (stroke ? ` stroke="${stroke}"` : '') + '/>');
    }

    line(x1, y1, x2, y2, stroke, width = 1, dash = []) {
        this.operations++;
        this.parts.push(`<path d="M${round(x1)} ${round(y1)}L${round(x2)} ` +
            `${round(y2)}" stroke="${stroke}" stroke-width="${width}" ` +
            'fill="none"' +
            (dash.length ? ` stroke-dasharray="${dash.join(' ')}"` : '') +
            '/>');
    }

    shape(points, fill) {
        this.operations++;
        this.parts.push(`<polygon points="${points.map(round).join(' ')}" ` +
                        `fill="${fill}"/>`);
    }

    text(text, x, y, fill, size = 12, align = 'start', weight = 'normal') {
        this.operations++;
        const anchor = align === 'center' ? 'middle' : align;
        this.parts.push(`<text x="${round(x)}" y="${round(y + size * .35)}" ` +
            `font-size="${size}" fill="${fill}" text-anchor="${anchor}"` +
            (weight === 'normal' ? '' : ` font-weight="${weight}"`) +
            `>${xml_escape(text)}</text>`);
    }

    // The file's text.
    finish() {
        return this.parts.join('\n') + '\n</svg>\n';
    }
}

function round(value) {
    return Math.round(value * 10) / 10;
}

// Text that may stand in XML: what XML forbids becomes a question mark.
function xml_escape(text) {
    return String(text)
        .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '�')
        .replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

// ---- time -------------------------------------------------------------------

// A time in nanoseconds as text, exact enough for a window of this span.
function time_text(ns, span = ns) {
    const [unit, name] = span >= 1e9 ? [1e9, 's'] :
        span >= 1e6 ? [1e6, 'ms'] : span >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
    const digits = unit === 1 ? 0 : Math.min(Math.round(Math.log10(unit)),
        Math.max(0, Math.ceil(Math.log10(2000 * unit / span))));
    return `${(ns / unit).toFixed(digits)} ${name}`;
}

// Round moments in a window, at most about `wanted` of them.
function time_ticks(start, end, wanted) {
    const rough = (end - start) / Math.max(1, wanted);
    const power = Math.pow(10, Math.floor(Math.log10(Math.max(1, rough))));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough) ||
                 10 * power;
    const ticks = [];
    for (let t = Math.ceil(start / step) * step; t <= end; t += step)
        ticks.push(t);
    return ticks;
}

// The shortest text that tells ticks apart.
function tick_text(t, ticks) {
    const step = ticks.length > 1 ? ticks[1] - ticks[0] : t || 1;
    const [unit, name] = step >= 5e8 ? [1e9, 's'] : step >= 5e5 ? [1e6, 'ms'] :
        step >= 500 ? [1e3, 'µs'] : [1, 'ns'];
    return `${Math.round(t / unit * 1000) / 1000} ${name}`;
}

// The axis above a picture: ticks with times, and thin lines down to bottom.
function draw_axis(pen, x, left, right, y, bottom, start, end) {
    const ticks = time_ticks(start, end, (right - left) / 110);
    for (const t of ticks) {
        pen.line(x(t), y + 16, x(t), bottom, theme.faint);
        pen.line(x(t), y + 12, x(t), y + 17, theme.quiet);
        if (x(t) < right - 40)
            pen.text(tick_text(t, ticks), x(t) + 3, y + 8, theme.quiet, 11);
    }
}
