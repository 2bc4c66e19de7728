#pragma once
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <stddef.h>

/// Registers for lifecycle events. The library's generic callback type needs a cast that Swift has no word for.
static inline int kc_register_lifecycle(virConnectPtr connection, virConnectDomainEventCallback callback, void *opaque,
                                        virFreeCallback release) {
    return virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                            VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, release);
}
