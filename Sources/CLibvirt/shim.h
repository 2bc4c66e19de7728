#pragma once
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <stddef.h>
#include <sys/prctl.h>

/// Registers for lifecycle events. The library's generic callback type needs a cast that Swift has no word for.
static inline int kc_register_lifecycle(virConnectPtr connection, virConnectDomainEventCallback callback, void *opaque,
                                        virFreeCallback release) {
    return virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                            VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, release);
}

/// Names the calling thread, at most 15 bytes. prctl is variadic, which Swift can't import.
static inline void kc_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
