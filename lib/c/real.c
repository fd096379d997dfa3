/*
 * lib/c/real.c - functions of math.h.
 *
 * Doubles of 2^52 and more have no bits behind the point; smaller ones fit
 * into a long, whose conversion cuts towards zero.
 */
#include <math.h>

double fabs(double x)
{
    return __builtin_fabs(x);
}

double sqrt(double x)
{
    __asm__("sqrtsd %0, %0" : "+x"(x));
    return x;
}

double trunc(double x)
{
    if (!(fabs(x) < 0x1p52))
        return x; /* also not a number */
    return __builtin_copysign((double)(long)x, x);
}

double floor(double x)
{
    double whole = trunc(x);

    return whole > x ? whole - 1 : whole;
}

double ceil(double x)
{
    return -floor(-x);
}

/* Halves go away from zero. */
double round(double x)
{
    double whole = trunc(x);

    if (fabs(x - whole) >= 0.5)
        whole += __builtin_copysign(1, x);
    return whole;
}

double fmin(double a, double b)
{
    return a < b || isnan(b) ? a : b;
}

double fmax(double a, double b)
{
    return a > b || isnan(b) ? a : b;
}
