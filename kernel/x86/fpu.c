/*
 * x86/fpu.c - save and restore FPU, SSE and AVX registers.
 *
 * The kernel itself uses general registers only, so the state changes hands
 * at thread switches and signal frames alone.  With XSAVE the area holds x87,
 * SSE and AVX; without it, FXSAVE's 512 bytes.
 * [SDM-1 "Managing State Using the XSAVE Feature Set"]
 */
#include "x86/fpu.h"

#include "base/string.h"
#include "core/panic.h"
#include "x86/cpu.h"
#include "x86/features.h"

#define CR4_OSFXSR         0x200
#define CR4_OSXMMEXCPT     0x400
#define CR4_OSXSAVE        0x40000
#define XCR0_X87           1ul
#define XCR0_SSE           2ul
#define XCR0_AVX           4ul
#define FXSAVE_BYTES       512
#define XSAVE_HEADER       512
#define MXCSR_OFFSET       24
#define MXCSR_MASK_OFFSET  28
#define MXCSR_DEFAULT      0x1f80
#define MXCSR_MASK_DEFAULT 0xffbf
#define FCW_DEFAULT        0x37f

size_t fpu_state_bytes;
uint64_t fpu_xcr0;
static uint32_t mxcsr_mask; /* [I] bits that may be set */

/* The state of a fresh program; room for x87, SSE and AVX. */
static uint8_t fresh[1024] __aligned(64); /* [I] */

static void fpu_measure(void)
{
    static uint8_t area[FXSAVE_BYTES] __aligned(16);

    __asm__ volatile("fxsaveq %0" : "=m"(area));
    memcpy(&mxcsr_mask, area + MXCSR_MASK_OFFSET, sizeof(mxcsr_mask));
    if (mxcsr_mask == 0)
        mxcsr_mask = MXCSR_MASK_DEFAULT;
    fpu_state_bytes = FXSAVE_BYTES;
    if (fpu_xcr0) {
        uint32_t eax = 0xd, ebx, ecx = 0, edx;
        __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        fpu_state_bytes = ebx; /* for what XCR0 enables now */
    }
    assert(fpu_state_bytes <= sizeof(fresh));
    fpu_state_reset(fresh);
}

void fpu_init_cpu(void)
{
    uint64_t cr4 = cpu_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (cpu_features.xsave)
        cr4 |= CR4_OSXSAVE;
    cpu_write_cr4(cr4);
    if (cpu_features.xsave) {
        uint64_t xcr0 = XCR0_X87 | XCR0_SSE;
        if (cpu_features.avx)
            xcr0 |= XCR0_AVX;
        __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)xcr0), "d"(0u));
        fpu_xcr0 = xcr0;
    }
    __asm__ volatile("fninit");
    if (fpu_state_bytes == 0)
        fpu_measure();
}

void fpu_state_reset(void *area)
{
    uint16_t fcw = FCW_DEFAULT;
    uint32_t mxcsr = MXCSR_DEFAULT;

    memset(area, 0, fpu_state_bytes);
    memcpy(area, &fcw, sizeof(fcw));
    memcpy((char *)area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

void fpu_load_fresh(void)
{
    fpu_restore(fresh);
}

void fpu_save(void *area)
{
    if (fpu_xcr0)
        __asm__ volatile("xsaveq (%0)"
                         :
                         : "r"(area), "a"(0xffffffffu), "d"(0xffffffffu)
                         : "memory");
    else
        __asm__ volatile("fxsaveq (%0)" : : "r"(area) : "memory");
}

void fpu_restore(const void *area)
{
    if (fpu_xcr0)
        __asm__ volatile("xrstorq (%0)"
                         :
                         : "r"(area), "a"(0xffffffffu), "d"(0xffffffffu)
                         : "memory");
    else
        __asm__ volatile("fxrstorq (%0)" : : "r"(area) : "memory");
}

bool fpu_state_sanitize(void *area)
{
    uint8_t *bytes = area;
    uint32_t mxcsr;

    memcpy(&mxcsr, bytes + MXCSR_OFFSET, sizeof(mxcsr));
    if (mxcsr & ~mxcsr_mask)
        return false;
    if (!fpu_xcr0)
        return true;
    /* XRSTOR faults on header bits beyond XCR0, a compacted format, and
     * reserved bytes that are not zero. */
    uint64_t header[8];
    memcpy(header, bytes + XSAVE_HEADER, sizeof(header));
    if (header[0] & ~fpu_xcr0)
        return false;
    memset(&header[1], 0, sizeof(header) - sizeof(header[0]));
    memcpy(bytes + XSAVE_HEADER, header, sizeof(header));
    return true;
}
