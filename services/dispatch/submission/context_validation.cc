#include "services/dispatch/submission/context_validation.h"

#include <fmt/format.h>

#include "libs/render/context_check.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/rendering/provided_context.h"

namespace lmsmail::dispatch {

void ContextValidation::Check(const google::protobuf::Struct& context, std::string_view prefix,
                              Violations& violations) const {
  const google::protobuf::Struct* const scopes[] = {&context, &shared_context_,
                                                    &SampleProvidedContext()};
  // All languages of a version declare the same variables.
  const render::Schema& declared = version_->languages.front().compiled->schema();
  for (const render::ContextError& error : render::CheckContext(declared, scopes)) {
    violations.Add(fmt::format("{}context.{}", prefix, error.variable),
                   fmt::format("{} (in {})", error.message, TemplateVersionName(version_->ref)));
  }
}

}  // namespace lmsmail::dispatch
