#pragma once
/*
 * Dates in Universal Time (the machine knows no other).
 */
#include <stddef.h>
#include <time.h>

struct calendar {
    int year, month, day; /* month and day count from 1 */
    int hour, minute, second;
    int weekday; /* 0 = Sunday */
    int yearday; /* 1 .. 366 */
};

/* Takes apart seconds since 1970-01-01. */
void calendar_from_seconds(time_t seconds, struct calendar *c);

/* English abbreviations: "Jan" for 1, "Sun" for 0. */
const char *calendar_month_name(int month);
const char *calendar_weekday_name(int weekday);

/*
 * Formats as strftime does, for %Y %m %d %H %M %S %y %j %a %b %e %F %T %s %n
 * %t %Z %z %%. The result is cut to size bytes.
 */
void calendar_format(char *out, size_t size, const char *format,
                     time_t seconds);
