#pragma once

// With ICU, libxml2's headers pull in ICU's own, which clash with the copy in Foundation. Nothing here needs it.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/SAX2.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlsave.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

/// Frees memory that libxml2 handed out. `xmlFree` itself is a mutable global, which Swift refuses.
static inline void kc_xml_free(void *memory) {
    xmlFree(memory);
}
