#pragma once

#include "libs/category/category.h"
#include "libs/status/error_details.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

// Adds a violation for each part of an optional mail, in each language, that does not say how to
// stop such mail (unsubscribe_url) or who sends it (postal_address). Content that does not compile
// is left out.
void CheckFooter(Category category, const TemplateContent& content, Violations& violations);

}  // namespace lmsmail::templates
