/*
 * x86/cpu.c - features, descriptor tables and MSRs of one CPU.
 */
#include "x86/cpu.h"

#include "base/string.h"
#include "core/panic.h"
#include "x86/fpu.h"
#include "x86/paging.h"
#include "x86/vectors.h"
#include "x86/layout.h"

/* [SDM-4 "Architectural MSRs"] */
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define EFER_SCE           0x001
#define EFER_NXE           0x800

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

/* IF DF TF AC NT and IOPL are off in the kernel after `syscall`. */
#define SYSCALL_FLAG_MASK 0x47700

enum { IST_DF = 1, IST_NMI = 2, IST_DB = 3, IST_MC = 4 };

/* Gate descriptor [SDM-3A "64-Bit Mode IDT"]. */
struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* DPL 3: int3, into, int 0x80 from user mode */

struct cpu cpus[CONFIG_MAX_CPUS];
unsigned cpu_count = 1;
struct cpu_features cpu_features;

static struct gate idt[256] __aligned(16);
extern char trap_stubs[], syscall_entry[];
extern const vaddr_t __smap_sites_start[], __smap_sites_end[];

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(sub));
}

void cpu_features_init(void)
{
    uint32_t r[4];
    struct cpu_features *f = &cpu_features;

    cpuid(0, 0, r);
    uint32_t max_leaf = r[0];
    cpuid(1, 0, r);
    f->xsave = r[2] & (1u << 26);
    f->avx = r[2] & (1u << 28);
    f->rdrand = r[2] & (1u << 30);
    f->mce = r[3] & (1u << 7);
    f->pge = r[3] & (1u << 13);
    if (max_leaf >= 7) {
        cpuid(7, 0, r);
        f->fsgsbase = r[1] & (1u << 0);
        f->smep = r[1] & (1u << 7);
        f->smap = r[1] & (1u << 20);
        f->umip = r[2] & (1u << 2);
    }
    if (f->xsave && max_leaf >= 0xd) {
        cpuid(0xd, 1, r);
        f->xsaveopt = r[0] & 1;
    }
    cpuid(0x80000001, 0, r);
    f->nx = r[3] & (1u << 20);
    f->pdpe1gb = r[3] & (1u << 26);
    f->rdtscp = r[3] & (1u << 27);
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

static void idt_build(void)
{
    for (unsigned v = 0; v < 256; v++) {
        vaddr_t stub = (vaddr_t)trap_stubs + 16ul * v;
        idt[v] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_KERNEL_CODE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    idt[VECTOR_BP].type |= GATE_USER;
    idt[VECTOR_OF].type |= GATE_USER;
    idt[VECTOR_DF].ist = IST_DF;
    idt[VECTOR_NMI].ist = IST_NMI;
    idt[VECTOR_DB].ist = IST_DB;
    idt[VECTOR_MC].ist = IST_MC;
}

/* Top of a new one-page stack; the word at the top names this CPU, for
 * trap_paranoid in entry.S. */
static vaddr_t ist_stack_create(struct cpu *cpu)
{
    paddr_t page = paging_alloc_page();

    if (page == 0)
        panic("no memory for interrupt stacks");
    vaddr_t top = (vaddr_t)phys_to_virt(page) + PAGE_SIZE;
    *(struct cpu **)(top - 8) = cpu;
    return top - 16;
}

static void load_tables(struct cpu *cpu)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer;

    pointer.limit = sizeof(cpu->gdt) - 1;
    pointer.base = (vaddr_t)cpu->gdt;
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
                     :
                     : "i"(SELECTOR_KERNEL_CODE)
                     : "rax", "memory");
    __asm__ volatile("mov %0, %%ss; mov %1, %%ds; mov %1, %%es;"
                     "mov %1, %%fs; mov %1, %%gs"
                     :
                     : "r"(SELECTOR_KERNEL_DATA), "r"(0));
    pointer.limit = sizeof(idt) - 1;
    pointer.base = (vaddr_t)idt;
    __asm__ volatile("lidt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

void cpu_init_tables(struct cpu *cpu)
{
    vaddr_t tss = (vaddr_t)&cpu->tss;

    cpu->syscall_limit = SYSCALL_LIMIT;
    if (idt[0].selector == 0)
        idt_build();
    /* [SDM-3A "Segment Descriptors"]: null, kernel code, kernel data, unused,
     * unused, user data, user code, TSS (two entries). */
    cpu->gdt[1] = 0x00af9a000000ffff;
    cpu->gdt[2] = 0x00cf92000000ffff;
    cpu->gdt[5] = 0x00cff2000000ffff;
    cpu->gdt[6] = 0x00affa000000ffff;
    cpu->gdt[7] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 |
                  0x89ul << 40 | (tss >> 24 & 0xff) << 56;
    cpu->gdt[8] = tss >> 32;
    cpu->tss.iomap_base = sizeof(struct tss);
    cpu->tss.ist[IST_DF - 1] = ist_stack_create(cpu);
    cpu->tss.ist[IST_NMI - 1] = ist_stack_create(cpu);
    cpu->tss.ist[IST_DB - 1] = ist_stack_create(cpu);
    cpu->tss.ist[IST_MC - 1] = ist_stack_create(cpu);
    load_tables(cpu);

    cpu_wrmsr(MSR_GS_BASE, (vaddr_t)cpu);
    cpu_wrmsr(MSR_KERNEL_GS_BASE, 0);
    cpu_wrmsr(MSR_STAR, (uint64_t)(SELECTOR_USER_DATA - 8) << 48 |
                            (uint64_t)SELECTOR_KERNEL_CODE << 32);
    cpu_wrmsr(MSR_LSTAR, (vaddr_t)syscall_entry);
    cpu_wrmsr(MSR_SFMASK, SYSCALL_FLAG_MASK);
}

void cpu_set_early_gs(struct cpu *cpu)
{
    cpu->self = cpu;
    cpu->lock_mark = cpu->id + 1;
    cpu_wrmsr(MSR_GS_BASE, (vaddr_t)cpu);
}

void cpu_patch_code(void)
{
    if (cpu_features.smap)
        patch_smap_sites();
}

void cpu_set_kernel_stack(vaddr_t top)
{
    struct cpu *cpu = cpu_self();

    cpu->kernel_stack = top;
    cpu->tss.rsp[0] = top;
}

void cpu_set_fs_base(uint64_t base)
{
    if (cpu_features.fsgsbase)
        __asm__ volatile("wrfsbase %0" : : "r"(base));
    else
        cpu_wrmsr(MSR_FS_BASE, base);
}

uint64_t cpu_get_fs_base(void)
{
    uint64_t base;

    if (!cpu_features.fsgsbase)
        return cpu_rdmsr(MSR_FS_BASE);
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

void cpu_set_user_gs_base(uint64_t base)
{
    cpu_wrmsr(MSR_KERNEL_GS_BASE, base);
}

uint64_t cpu_get_user_gs_base(void)
{
    return cpu_rdmsr(MSR_KERNEL_GS_BASE);
}
