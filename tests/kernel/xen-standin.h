/* SPDX-License-Identifier: MIT */
/* What the functions of Xen find in user space instead of Xen: as standin.h for Linux. */
#include "side.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64, paddr_t;
typedef bool bool_t;

#define ASSERT(x)   ((void)sizeof(x))
#define unlikely(x) (x)
#define min(a, b)   ((a) < (b) ? (a) : (b))

/* --- types --------------------------------------------------------------- */

struct segment_register {
	u16 sel, attr;
	u32 limit;
	u64 base;
};
struct cpu_user_regs {
	u64 rax, rip, rsp, rflags;
};
struct vmcb_struct;
struct vmcb_struct *alloc_vmcb(void);

enum hvm_intsrc { hvm_intsrc_none, hvm_intsrc_pic, hvm_intsrc_lapic, hvm_intsrc_nmi };
struct hvm_intack {
	enum hvm_intsrc source;
	u8 vector;
};

/* The nested state is a type of Xen: its member is found through a pointer. */
struct nestedsvm;
struct nestedvcpu {
	struct vmcb_struct *nv_vvmcx, *nv_n1vmcx, *nv_n2vmcx;
	u64 nv_vvmcxaddr, nv_n1vmcx_pa;
	bool nv_vmentry_pending, nv_vmexit_pending;
	struct nestedsvm *svm;
};
struct vcpu {
	void *domain;
	struct nestedvcpu nested;
	struct {
		struct {
			u64 guest_efer, guest_cr[5];
			struct {
				struct vmcb_struct *vmcb;
			} svm;
		} hvm;
	} arch;
};
#define vcpu_nestedhvm(v) ((v)->nested)
#define vcpu_nestedsvm(v) (*(v)->nested.svm)

/* --- without influence --------------------------------------------------- */

#define INVALID_PADDR (~0ULL)
enum { X86EMUL_OKAY, X86EMUL_EXCEPTION, XENLOG_ERR, TRAP_gp_fault };
#define gdprintk(...)			  ((void)0)
#define HVMTRACE_3D(...)		  ((void)0)
#define hvm_inject_hw_exception(...)	  ((void)0)
#define hvm_set_efer(...)		  X86EMUL_OKAY
#define hvm_set_cr0(...)		  X86EMUL_OKAY
#define hvm_set_cr3(...)		  X86EMUL_OKAY
#define hvm_set_cr4(...)		  X86EMUL_OKAY
#define hvm_update_guest_cr(...)	  ((void)0)
#define hvm_event_needs_reinjection(...)  true
#define nestedhvm_enabled(...)		  true
#define nestedhvm_paging_mode_hap(...)	  false
#define paging_mode_hap(...)		  true
#define nestedsvm_fpu_vmentry(...)	  0
#define nestedsvm_vcpu_clgi(...)	  ((void)0)
#define nestedsvm_vmcb_set_nestedp2m(...) ((void)0)
#define nsvm_vmrun_permissionmap(...)	  0
#define svm_vmsave_pa(...)		  ((void)0)

/* The consistency checks are a fact. */
static _Thread_local bool at_checks_failed;
#define svm_vmcb_isvalid(...) at_checks_failed
