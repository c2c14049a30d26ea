#include "services/template/domain/footer_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libs/render/template.h"
#include "services/template/domain/declarations.h"

namespace lmsmail::templates {
namespace {

bool Shows(const render::CompiledPart& part, std::string_view variable) {
  return std::ranges::any_of(part.slots, [variable](const render::Slot& slot) {
    return (slot.use == render::Slot::Use::kEscaped || slot.use == render::Slot::Use::kPlain) &&
           slot.path.size() == 1 && slot.path[0] == variable;
  });
}

}  // namespace

void CheckFooter(Category category, const TemplateContent& content, Violations& violations) {
  if (PolicyOf(category).mandatory) return;
  const std::vector<render::Variable> variables = ToRender(content.variables);
  for (std::size_t i = 0; i < content.languages.size(); ++i) {
    const LocalizedContent& localized = content.languages[i];
    const auto compiled = render::Template::Compile(
        {.subject = localized.subject, .html = localized.html, .text = localized.text}, variables);
    if (!compiled.ok()) continue;
    for (const render::Part part : {render::Part::kHtml, render::Part::kText}) {
      for (const char* const variable : {"unsubscribe_url", "postal_address"}) {
        if (Shows((*compiled)->part(part), variable)) continue;
        violations.Add(
            fmt::format("contents[{}].{}", i, render::PartName(part)),
            fmt::format("has no {{{{{}}}}}: optional mail is published only with a link to "
                        "unsubscribe and the postal address of the school",
                        variable));
      }
    }
  }
}

}  // namespace lmsmail::templates
