/*
 * math.h - the few functions on real numbers that need no tables.
 */
#pragma once

#define INFINITY __builtin_inff()
#define NAN      __builtin_nanf("")
#define HUGE_VAL __builtin_inf()

#define isnan(x)    __builtin_isnan(x)
#define isinf(x)    __builtin_isinf_sign(x)
#define isfinite(x) __builtin_isfinite(x)
#define signbit(x)  __builtin_signbit(x)

double fabs(double x);
double sqrt(double x);
double trunc(double x);
double floor(double x);
double ceil(double x);
double round(double x);
double fmin(double a, double b);
double fmax(double a, double b);
