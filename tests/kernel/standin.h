/* SPDX-License-Identifier: MIT */
/*
 * What the functions of the kernel find in user space instead of the kernel.
 *
 * Types have the members that the functions touch. A helper of the kernel that has
 * no influence on interrupt control does nothing, or gives the value with which the
 * functions go the ordinary way. Helpers with such an influence are extracted.
 */
#include "side.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64, gpa_t;
typedef unsigned long ulong;

#define __packed	__attribute__((packed))
#define __always_inline inline __attribute__((always_inline))
#define unlikely(x)	(x)
#define WARN_ON(x)	(!!(x)) /* random bits are no reason to warn */
#define WARN_ON_ONCE(x) (!!(x))
#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK(high, low) (~0UL >> (63 - (high)) & ~0UL << (low))
#define _BITUL(n)	(1UL << (n))
#define _AC(x, suffix)	(x##suffix)
#define IS_ENABLED(option) 0
#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))
#define DECLARE_BITMAP(name, bits) unsigned long name[((bits) + 63) / 64]

static inline void __set_bit(unsigned int bit, unsigned long *words)
{
	words[bit / 64] |= 1UL << bit % 64;
}

static inline void __clear_bit(unsigned int bit, unsigned long *words)
{
	words[bit / 64] &= ~(1UL << bit % 64);
}

static inline bool test_bit(unsigned int bit, const unsigned long *words)
{
	return words[bit / 64] >> bit % 64 & 1;
}

/* --- types --------------------------------------------------------------- */

struct page;
struct ghcb;
struct sev_es_save_area {
	u8 unused;
};
struct list_head {
	struct list_head *next;
};
struct mutex {
	int held;
};
typedef struct mutex spinlock_t, raw_spinlock_t;
struct hv_vmcb_enlightenments {
	u8 bytes[32];
};
struct kvm_host_map {
	void *hva;
};
struct kvm {
	int apicv;
};

struct kvm_vcpu_arch {
	u64 efer, cr2, cr3, cr4, dr6, dr7, pat;
	u64 tsc_offset, l1_tsc_offset, tsc_scaling_ratio, l1_tsc_scaling_ratio;
	u64 hflags;
	int mp_state, nested_run_pending;
	bool guest_mode, smi_pending, nmi_injected;
	unsigned int nmi_pending;
	struct {
		bool injected, has_error_code;
		u8 vector;
		u32 error_code;
	} exception;
	struct {
		bool injected, soft;
		u8 nr;
	} interrupt;
};

struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_vcpu_arch arch;
	struct {
		u64 irq_window_exits;
	} stat;
};

/* --- what L0 is, and what a transition asks of it ------------------------ */

/* Where the kernel has parameters of its module, one side has them for each thread. */
static _Thread_local int vgif, vnmi;
static const bool npt_enabled = true, intercept_smi = true;
static const bool gmet_enabled = false, enable_apicv = false;
static const struct {
	bool has_tsc_control;
	u64 default_tsc_scaling_ratio;
} kvm_caps = { false, 0 };

static _Thread_local struct {
	struct psvm_nested n; /* the input, for what is asked of it */
	uint32_t requests;    /* PSVM_REQUEST_... */
	void *vmcb12;
} at;

static inline bool at_fact(uint32_t fact)
{
	return (at.n.facts & fact) != 0;
}

/* A request, and the function that makes it: kvm_set_rflags() makes the implicit one. */
enum {
	KVM_REQ_EVENT,
	KVM_REQ_GET_NESTED_STATE_PAGES,
	KVM_REQ_TRIPLE_FAULT,
	KVM_REQ_APICV_UPDATE,
	KVM_REQ_MMU_SYNC,
	KVM_REQ_TLB_FLUSH_CURRENT,
};
#define kvm_make_request(request, vcpu) at_request(request, __func__)
#define kvm_clear_request(request, vcpu) ((void)(vcpu))

static inline void at_request(int request, const char *by)
{
	if (request != KVM_REQ_EVENT)
		return;
	at.requests |= strcmp(by, "kvm_set_rflags") == 0 ? PSVM_REQUEST_IMPLICIT :
							   PSVM_REQUEST_EVENT;
}

#define is_guest_mode(vcpu)    ((vcpu)->arch.guest_mode)
#define enter_guest_mode(vcpu) ((void)((vcpu)->arch.guest_mode = true))
#define leave_guest_mode(vcpu) ((void)((vcpu)->arch.guest_mode = false))

#define kvm_vcpu_map(vcpu, gfn, map)   ((map)->hva = at.vmcb12, 0)
#define kvm_vcpu_unmap(vcpu, map, ...) ((void)(map))
#define gpa_to_gfn(gpa)		       ((gpa) >> 12)

#define kvm_get_rflags(vcpu)		       (at_fact(PSVM_C(L1_IF)) ? X86_EFLAGS_IF : 0)
#define kvm_cpu_has_injectable_intr(vcpu)      at_fact(PSVM_C(PENDING))
#define kvm_apic_has_pending_init_or_sipi(vcpu) false

/* Features that are offered to L1. */
enum {
	X86_FEATURE_VGIF,
	X86_FEATURE_VNMI,
	X86_FEATURE_V_VMSAVE_VMLOAD,
	X86_FEATURE_NRIPS,
	X86_FEATURE_LBRV,
	X86_FEATURE_TSCRATEMSR,
	X86_FEATURE_PAUSEFILTER,
	X86_FEATURE_PFTHRESHOLD,
	X86_FEATURE_NPT,
	X86_FEATURE_GMET,
	X86_FEATURE_SHSTK,
	X86_FEATURE_ERAPS,
	X86_FEATURE_XSAVE,
	X86_FEATURE_INVPCID,
	X86_FEATURE_RDTSCP,
	X86_FEATURE_SKINIT,
	X86_FEATURE_RDPRU,
};
#define boot_cpu_has(feature) true

static inline bool guest_cpu_cap_has(struct kvm_vcpu *vcpu, int feature)
{
	(void)vcpu;
	switch (feature) {
	case X86_FEATURE_VGIF:
		return at_fact(PSVM_C(OFFER_VGIF));
	case X86_FEATURE_VNMI:
		return at_fact(PSVM_C(OFFER_VNMI));
	case X86_FEATURE_NPT: /* with both, no intercept of VMLOAD is forced */
	case X86_FEATURE_V_VMSAVE_VMLOAD:
		return true;
	default:
		return false;
	}
}

/* As it was called in earlier releases of 6.12. */
#define guest_can_use guest_cpu_cap_has

/* --- without influence --------------------------------------------------- */

enum { KVM_MP_STATE_RUNNABLE, KVM_ISA_SVM, DB_VECTOR, UD_VECTOR };
enum { APICV_INHIBIT_REASON_IRQWIN };
enum { DR6_ACTIVE_LOW, DR7_FIXED_1, DEBUGCTL_RESERVED_BITS, EFER_LME, EFER_LMA };
enum { KVM_NESTED_RUN_PENDING = 1, X86EMUL_IO_NEEDED, INVALID_GPA };
#define PAGE_MASK (~0xfffUL)
#define CC(x)	  (x)
#define is_smm(vcpu)			     false
#define kvm_inject_gp(...)		     ((void)0)
#define kvm_queue_exception(...)	     ((void)0)
#define kvm_clear_exception_queue(...)	     ((void)0)
#define kvm_clear_interrupt_queue(...)	     ((void)0)
#define kvm_exception_is_soft(vector)	     false
#define kvm_skip_emulated_instruction(...)   1
#define kvm_hv_verify_vp_assist(...)	     0
#define kvm_hv_hypercall_enabled(...)	     false
#define kvm_vcpu_is_legal_gpa(...)	     true
#define nested_svm_check_bitmap_pa(...)	     true
#define nested_vmcb_check_save(...)	     true
#define nested_svm_load_cr3(...)	     0
#define nested_svm_vmrun_msrpm(...)	     true
#define nested_svm_init_mmu_context(...)     ((void)0)
#define nested_svm_uninit_mmu_context(...)   ((void)0)
#define nested_svm_update_tsc_ratio_msr(...) ((void)0)
#define nested_svm_hv_update_vm_vp_ids(...)  ((void)0)
#define nested_vmcb02_compute_g_pat(...)     ((void)0)
#define kvm_hv_nested_transtion_tlb_flush(...) ((void)0)
#define kvm_calc_nested_tsc_offset(...)	     0
#define __svm_write_tsc_multiplier(...)	     ((void)0)
#define svm_write_tsc_multiplier(...)	     ((void)0)
#define kvm_pause_in_guest(...)		     false
#define svm_copy_lbrs(...)		     ((void)0)
#define svm_update_lbrv(...)		     ((void)0)
#define svm_set_efer(...)		     ((void)0)
#define svm_set_cr0(...)		     ((void)0)
#define svm_set_cr4(...)		     ((void)0)
#define __kvm_set_rflags(...)		     ((void)0)
#define kvm_read_cr0(...)		     0
#define kvm_read_cr3(...)		     0
#define kvm_rax_read(...)		     0
#define kvm_rsp_read(...)		     0
#define kvm_rip_read(...)		     0
#define kvm_rax_write(...)		     ((void)0)
#define kvm_rsp_write(...)		     ((void)0)
#define kvm_rip_write(...)		     ((void)0)
#define kvm_update_dr7(...)		     ((void)0)
#define kvm_vcpu_apicv_active(...)	     false
#define kvm_vcpu_apicv_activated(...)	     false
#define kvm_apicv_activated(...)	     false
#define kvm_set_apicv_inhibit(...)	     ((void)0)
#define kvm_clear_apicv_inhibit(...)	     ((void)0)
#define kvm_vcpu_update_apicv(...)	     ((void)0)
#define __kvm_vcpu_update_apicv(...)	     ((void)0)
#define trace_kvm_nested_vmenter(...)	     ((void)0)
#define trace_kvm_nested_intercepts(...)     ((void)0)
#define trace_kvm_nested_vmexit_inject(...)  ((void)0)
#define page_address_valid(...)		     true
#define l2_has_separate_pat(...)	     false
#define nested_vmcb12_has_lbrv(...)	     false
#define nested_svm_check_event_inj(...)	     true
#define nested_svm_merge_msrpm(...)	     true
#define svm_is_vmrun_failure(...)	     false
#define svm_skip_emulated_instruction(...)   1
#define svm_pmu_handle_nested_transition(...) ((void)0)
#define kvm_handle_memory_failure(...)	     1
#define kvm_inc_apicv_irq_window_req(...)    ((void)0)
#define kvm_nested_vmexit_handle_ibrs(...)   ((void)0)
#define kvm_pmu_instruction_retired(...)     ((void)0)
#define kvm_rax_read_raw(...)		     0
#define kvm_rax_write_raw(...)		     ((void)0)
#define kvm_set_mp_state(...)		     ((void)0)
#define kvm_warn_on_nested_run_pending(...)  ((void)0)
#define vmcb_set_gpat(...)		     ((void)0)
