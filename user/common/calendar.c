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

/* A letter that stands for a number with leading zeros; 0 for others. */
static int format_number(char *out, size_t size, int letter,
                         const struct calendar *c)
{
    const struct {
        char letter, digits;
        int value;
    } numbers[] = {
        { 'Y', 1, c->year },   { 'y', 2, c->year % 100 }, { 'm', 2, c->month },
        { 'd', 2, c->day },    { 'H', 2, c->hour },       { 'M', 2, c->minute },
        { 'S', 2, c->second }, { 'j', 3, c->yearday },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].letter == letter) {
            snprintf(out, size, "%0*d", numbers[i].digits, numbers[i].value);
            return 1;
        }
    return 0;
}

static void format_one(char *out, size_t size, int letter,
                       const struct calendar *c, time_t seconds)
{
    const char *text = letter == 'a'   ? calendar_weekday_name(c->weekday)
                       : letter == 'b' ? calendar_month_name(c->month)
                       : letter == 'Z' ? "UTC"
                       : letter == 'z' ? "+0000"
                       : letter == 'n' ? "\n"
                       : letter == 't' ? "\t"
                       : letter == '%' ? "%"
                                       : NULL;
    if (text)
        snprintf(out, size, "%s", text);
    else if (letter == 'e')
        snprintf(out, size, "%2d", c->day);
    else if (letter == 's')
        snprintf(out, size, "%lld", (long long)seconds);
    else if (letter == 'F')
        snprintf(out, size, "%d-%02d-%02d", c->year, c->month, c->day);
    else if (letter == 'T')
        snprintf(out, size, "%02d:%02d:%02d", c->hour, c->minute, c->second);
    else if (!format_number(out, size, letter, c))
        snprintf(out, size, "%%%c", letter);
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
