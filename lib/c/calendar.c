/*
 * lib/c/calendar.c - between seconds and dates, in Universal Time.
 *
 * Idea: years are counted from March, so that the leap day is the last of its
 *       year; then days and months follow from simple divisions.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    DAY_SECONDS = 86400,
    ERA_DAYS = 146097,  /* of 400 years */
    EPOCH_DAY = 719468, /* 1970-01-01, counted from 0000-03-01 */
};

static const char *const month_names[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};
static const char *const day_names[] = {
    "Sunday",   "Monday", "Tuesday",  "Wednesday",
    "Thursday", "Friday", "Saturday",
};

static long floor_divide(long a, long b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to the first of the month (from 0) of the year. */
static long days_before_month(long year, int month)
{
    if (month < 2)
        year--;
    long era = floor_divide(year, 400);
    long year_of_era = year - era * 400;
    long day_of_year = (153 * ((month + 10) % 12) + 2) / 5;

    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - EPOCH_DAY;
}

struct tm *gmtime_r(const time_t *time, struct tm *out)
{
    long days = floor_divide(*time, DAY_SECONDS);
    long seconds = *time - days * DAY_SECONDS;
    long shifted = days + EPOCH_DAY;
    long era = floor_divide(shifted, ERA_DAYS);
    long day_of_era = shifted - era * ERA_DAYS;
    long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                        day_of_era / 146096) /
                       365;
    long day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (int)((5 * day_of_year + 2) / 153);
    long year;

    memset(out, 0, sizeof(*out));
    out->tm_mon = (march_month + 2) % 12;
    year = year_of_era + era * 400 + (out->tm_mon < 2);
    out->tm_mday = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    out->tm_year = (int)(year - 1900);
    out->tm_hour = (int)(seconds / 3600);
    out->tm_min = (int)(seconds / 60 % 60);
    out->tm_sec = (int)(seconds % 60);
    out->tm_wday = (int)(((days + 4) % 7 + 7) % 7); /* 1970 began a Thursday */
    out->tm_yday = (int)(days - days_before_month(year, 0));
    out->tm_zone = "UTC";
    return out;
}

struct tm *gmtime(const time_t *time)
{
    static struct tm result;

    return gmtime_r(time, &result);
}

struct tm *localtime_r(const time_t *time, struct tm *out)
{
    return gmtime_r(time, out);
}

struct tm *localtime(const time_t *time)
{
    return gmtime(time);
}

/* Fields out of range are allowed and normalised. */
time_t timegm(struct tm *tm)
{
    long year = 1900l + tm->tm_year + floor_divide(tm->tm_mon, 12);
    int month = (int)(tm->tm_mon - 12 * floor_divide(tm->tm_mon, 12));
    time_t result =
        (days_before_month(year, month) + tm->tm_mday - 1) * DAY_SECONDS +
        tm->tm_hour * 3600l + tm->tm_min * 60l + tm->tm_sec;

    gmtime_r(&result, tm);
    return result;
}

time_t mktime(struct tm *tm)
{
    return timegm(tm);
}

void tzset(void)
{
    /* The only zone is Universal Time. */
}

double difftime(time_t a, time_t b)
{
    return (double)a - (double)b;
}

char *asctime(const struct tm *tm)
{
    static char buf[64];

    strftime(buf, sizeof(buf), "%a %b %e %H:%M:%S %Y\n", tm);
    return buf;
}

char *ctime(const time_t *time)
{
    return asctime(gmtime(time));
}

/* The conversions that are numbers.  False if letter is none of them. */
static bool convert_number(char letter, const struct tm *tm, char *buf,
                           size_t size)
{
    struct tm copy = *tm;
    const struct {
        char letter;
        bool zeros; /* else padded by spaces */
        int width;
        long value;
    } numbers[] = {
        { 'Y', true, 1, tm->tm_year + 1900l },
        { 'C', true, 2, (tm->tm_year + 1900l) / 100 },
        { 'y', true, 2, tm->tm_year % 100 },
        { 'm', true, 2, tm->tm_mon + 1 },
        { 'd', true, 2, tm->tm_mday },
        { 'e', false, 2, tm->tm_mday },
        { 'H', true, 2, tm->tm_hour },
        { 'I', true, 2, (tm->tm_hour + 11) % 12 + 1 },
        { 'M', true, 2, tm->tm_min },
        { 'S', true, 2, tm->tm_sec },
        { 'j', true, 3, tm->tm_yday + 1 },
        { 'u', true, 1, (tm->tm_wday + 6) % 7 + 1 },
        { 'w', true, 1, tm->tm_wday },
        { 's', true, 1, timegm(&copy) },
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i].letter != letter)
            continue;
        snprintf(buf, size, numbers[i].zeros ? "%0*ld" : "%*ld",
                 numbers[i].width, numbers[i].value);
        return true;
    }
    return false;
}

/* The text of one conversion, in buf or constant; NULL if there is none. */
static const char *convert(char letter, const struct tm *tm, char *buf,
                           size_t size)
{
    if (convert_number(letter, tm, buf, size))
        return buf;
    switch (letter) {
    case 'a':
        snprintf(buf, size, "%.3s", day_names[tm->tm_wday]);
        return buf;
    case 'A':
        return day_names[tm->tm_wday];
    case 'b':
    case 'h':
        snprintf(buf, size, "%.3s", month_names[tm->tm_mon]);
        return buf;
    case 'B':
        return month_names[tm->tm_mon];
    case 'p':
        return tm->tm_hour < 12 ? "AM" : "PM";
    case 'Z':
        return "UTC";
    case 'z':
        return "+0000";
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '%':
        return "%";
    default:
        return NULL;
    }
}

/* What a composite conversion stands for, or NULL. */
static const char *composite(char letter)
{
    switch (letter) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    case 'r':
        return "%I:%M:%S %p";
    default:
        return NULL;
    }
}

size_t strftime(char *buf, size_t size, const char *format, const struct tm *tm)
{
    size_t length = 0;

    for (; *format != '\0'; format++) {
        char own[64];
        const char *text = own;

        own[0] = *format;
        own[1] = '\0';
        if (*format == '%' && format[1] != '\0') {
            const char *whole = composite(*++format);

            if (whole != NULL)
                strftime(own, sizeof(own), whole, tm);
            else
                text = convert(*format, tm, own, sizeof(own));
        }
        size_t part = text != NULL ? strlen(text) : 0;

        if (length + part + 1 > size)
            return 0;
        memcpy(buf + length, text != NULL ? text : "", part);
        length += part;
    }
    if (size == 0)
        return 0;
    buf[length] = '\0';
    return length;
}
