#pragma once

#include <string>

#include "services/template/domain/template.h"

namespace lmsmail::templates {

// Small valid content. `text` makes it differ from other samples.
inline TemplateContent SampleContent(const std::string& text = "Welcome to the course.") {
  return {.languages = {{.language_code = "en",
                         .subject = "Hello {{user.first_name}}",
                         .html = "<p>" + text + "</p>{{#items}}<b>{{title}}</b>{{/items}}",
                         .text = text + "\n{{#items}}{{title}}\n{{/items}}"}},
          .variables = {{.name = "user.first_name",
                         .required = true,
                         .description = "The first name.",
                         .sample = "Zoë"},
                        {.name = "items", .type = render::VariableType::kList},
                        {.name = "items.title", .required = true, .sample = "Turner's Skies"},
                        {.name = "items.minutes",
                         .type = render::VariableType::kNumber,
                         .sample = "12"}},
          .unescaped_variables = {}};
}

}  // namespace lmsmail::templates
