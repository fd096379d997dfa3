/*
 * calendar.c - dates in Universal Time.
 *
 * The year is counted from March, so that the leap day is its last day and
 * month lengths follow one formula; 400 years have exactly 146,097 days.
 * Read next: ../date.c.
 */
#include "calendar.h"

#include <stdio.h>
#include <string.h>

enum {
    SECONDS_PER_DAY = 86400,
    DAYS_PER_400_YEARS = 146097,
    DAYS_BEFORE_1970 = 719468, /* from 1 March of year 0 */
};

void calendar_from_seconds(time_t seconds, struct calendar *c)
{
    long days = (long)(seconds / SECONDS_PER_DAY);
    long rest = (long)(seconds % SECONDS_PER_DAY);
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    c->hour = (int)(rest / 3600);
    c->minute = (int)(rest / 60 % 60);
    c->second = (int)(rest % 60);
    c->weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970 began on Thursday */

    days += DAYS_BEFORE_1970;
    long era =
        (days >= 0 ? days : days - DAYS_PER_400_YEARS + 1) / DAYS_PER_400_YEARS;
    long day = days - era * DAYS_PER_400_YEARS;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= year * 365 + year / 4 - year / 100;
    long month = (day * 5 + 2) / 153; /* 0 = March */
    c->day = (int)(day - (month * 153 + 2) / 5 + 1);
    c->month = (int)(month < 10 ? month + 3 : month - 9);
    c->year = (int)(year + era * 400 + (c->month <= 2));

    int leap = c->year % 4 == 0 && (c->year % 100 || c->year % 400 == 0);
    c->yearday = (int)(month < 10 ? day + 60 + leap : day - 305);
}

const char *calendar_month_name(int month)
{
    static const char names[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    return names[(month + 11) % 12];
}

const char *calendar_weekday_name(int weekday)
{
    static const char names[7][4] = { "Sun", "Mon", "Tue", "Wed",
                                      "Thu", "Fri", "Sat" };
    return names[weekday % 7];
}

static void format_one(char *out, size_t size, int letter,
                       const struct calendar *c, time_t seconds)
{
    switch (letter) {
    case 'Y':
        snprintf(out, size, "%d", c->year);
        break;
    case 'y':
        snprintf(out, size, "%02d", c->year % 100);
        break;
    case 'm':
        snprintf(out, size, "%02d", c->month);
        break;
    case 'd':
        snprintf(out, size, "%02d", c->day);
        break;
    case 'e':
        snprintf(out, size, "%2d", c->day);
        break;
    case 'H':
        snprintf(out, size, "%02d", c->hour);
        break;
    case 'M':
        snprintf(out, size, "%02d", c->minute);
        break;
    case 'S':
        snprintf(out, size, "%02d", c->second);
        break;
    case 'j':
        snprintf(out, size, "%03d", c->yearday);
        break;
    case 'a':
        snprintf(out, size, "%s", calendar_weekday_name(c->weekday));
        break;
    case 'b':
        snprintf(out, size, "%s", calendar_month_name(c->month));
        break;
    case 's':
        snprintf(out, size, "%lld", (long long)seconds);
        break;
    case 'Z':
        snprintf(out, size, "UTC");
        break;
    case 'z':
        snprintf(out, size, "+0000");
        break;
    case 'F':
        snprintf(out, size, "%d-%02d-%02d", c->year, c->month, c->day);
        break;
    case 'T':
        snprintf(out, size, "%02d:%02d:%02d", c->hour, c->minute, c->second);
        break;
    case 'n':
        snprintf(out, size, "\n");
        break;
    case 't':
        snprintf(out, size, "\t");
        break;
    case '%':
        snprintf(out, size, "%%");
        break;
    default:
        snprintf(out, size, "%%%c", letter);
        break;
    }
}

void calendar_format(char *out, size_t size, const char *format, time_t seconds)
{
    struct calendar c;
    size_t used = 0;
    calendar_from_seconds(seconds, &c);
    while (*format && used + 1 < size) {
        if (format[0] != '%' || !format[1]) {
            out[used++] = *format++;
            continue;
        }
        format_one(out + used, size - used, format[1], &c, seconds);
        used += strlen(out + used);
        format += 2;
    }
    if (size)
        out[used] = 0;
}
