#include "services/dispatch/submission/context_validation.h"

#include <fmt/format.h>

#include "libs/render/context_check.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/rendering/provided_context.h"

namespace lmsmail::dispatch {

void ContextValidation::Check(const google::protobuf::Struct& context, std::string_view prefix,
                              Violations& violations) const {
  const google::protobuf::Struct* const scopes[] = {&context, &shared_context_,
                                                    &EverythingProvided()};
  // Every language has the same declarations.
  const render::Schema& declared = version_->languages.front().compiled->schema();
  for (const render::ContextError& fault : render::CheckContext(declared, scopes)) {
    violations.Add(fmt::format("{}context.{}", prefix, fault.variable),
                   fmt::format("{} (by {})", fault.message, TemplateVersionName(version_->ref)));
  }
}

}  // namespace lmsmail::dispatch
