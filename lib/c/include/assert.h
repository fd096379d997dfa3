/*
 * assert.h - checks that end the program.  May be included repeatedly with
 * and without NDEBUG, hence without a guard.
 */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)                                                      \
    ((condition) ? (void)0                                                     \
                 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

#ifndef __cplusplus
#define static_assert _Static_assert
#endif

void __assert_fail(const char *condition, const char *file, unsigned line,
                   const char *function) __attribute__((noreturn));
