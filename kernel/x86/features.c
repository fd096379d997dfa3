/*
 * x86/features.c - see features.h: asking CPUID, and turning on what is there.
 */
#include "x86/features.h"

#include "x86/cpuid.h"
#include "x86/fpu.h"
#include "x86/registers.h"

#define MSR_EFER 0xc0000080 /* [SDM-4 "Architectural MSRs"] */
#define EFER_SCE 0x001
#define EFER_NXE 0x800

/* [SDM-3A "Control Registers"] */
#define CR0_MP       0x2
#define CR0_EM       0x4
#define CR0_WP       0x10000
#define CR0_AM       0x40000
#define CR4_MCE      0x40
#define CR4_PGE      0x80
#define CR4_UMIP     0x800
#define CR4_FSGSBASE 0x10000
#define CR4_SMEP     0x100000
#define CR4_SMAP     0x200000

struct cpu_features cpu_features;

extern const vaddr_t __smap_sites_start[], __smap_sites_end[];

void cpu_features_init(void)
{
    struct cpuid r = cpuid_read(0, 0);
    struct cpu_features *f = &cpu_features;

    uint32_t max_leaf = r.eax;
    r = cpuid_read(1, 0);
    f->xsave = r.ecx & (1u << 26);
    f->avx = r.ecx & (1u << 28);
    f->rdrand = r.ecx & (1u << 30);
    f->capabilities = r.edx;
    f->mce = r.edx & (1u << 7);
    f->pge = r.edx & (1u << 13);
    if (max_leaf >= 7) {
        r = cpuid_read(7, 0);
        f->fsgsbase = r.ebx & (1u << 0);
        f->smep = r.ebx & (1u << 7);
        f->smap = r.ebx & (1u << 20);
        f->umip = r.ecx & (1u << 2);
    }
    if (f->xsave && max_leaf >= 0xd) {
        r = cpuid_read(0xd, 1);
        f->xsaveopt = r.eax & 1;
    }
    r = cpuid_read(0x80000001, 0);
    f->nx = r.edx & (1u << 20);
    f->pdpe1gb = r.edx & (1u << 26);
    f->rdtscp = r.edx & (1u << 27);
}

/* stac and clac fault on CPUs without SMAP, so their places hold nops until
 * here.  Runs on the boot tables, where text is still writable. */
static void patch_smap_sites(void)
{
    for (const vaddr_t *site = __smap_sites_start; site < __smap_sites_end;
         site++) {
        uint8_t *code = (uint8_t *)*site;
        bool opens = code[2] == 0x40; /* nop 0x0(%rax) stands for stac */

        code[1] = 0x01;
        code[2] = opens ? 0xcb : 0xca;
        if (opens)
            code[3] = 0x90;
    }
}

void cpu_enable_features(void)
{
    const struct cpu_features *f = &cpu_features;
    uint64_t cr0, cr4 = cpu_read_cr4();

    /* Only bits that CPUID announces: others hang TCG's CPU. */
    if (f->mce)
        cr4 |= CR4_MCE;
    if (f->pge)
        cr4 |= CR4_PGE;
    if (f->umip)
        cr4 |= CR4_UMIP;
    if (f->fsgsbase)
        cr4 |= CR4_FSGSBASE;
    if (f->smep)
        cr4 |= CR4_SMEP;
    if (f->smap)
        cr4 |= CR4_SMAP;
    cpu_write_cr4(cr4);

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    cr0 = (cr0 | CR0_WP | CR0_MP | CR0_AM) & ~(uint64_t)CR0_EM;
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));

    uint64_t efer = cpu_rdmsr(MSR_EFER) | EFER_SCE;
    if (f->nx)
        efer |= EFER_NXE;
    cpu_wrmsr(MSR_EFER, efer);
    fpu_init_cpu();
}

void cpu_patch_code(void)
{
    if (cpu_features.smap)
        patch_smap_sites();
}
