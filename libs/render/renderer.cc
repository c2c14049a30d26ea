#include "libs/render/renderer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <kainjow/mustache.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "libs/render/context_check.h"
#include "libs/render/encode.h"
#include "libs/render/part_renderer.h"
#include "libs/render/typed_value.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::render {
namespace {

using kainjow::mustache::mustache;

// kainjow's own output stays empty, because PartRenderer writes the text.
struct NoOutput {
  NoOutput& operator<<(const std::string&) { return *this; }
};

absl::Status RenderPart(mustache& parsed, const CompiledPart& part, Part name, Scopes scopes,
                        const RenderOptions& options, ValueWriter& writer, std::string& out,
                        Rendered& rendered) {
  PartRenderer context(part, scopes, writer, options.max_output_bytes, out, rendered.written);
  NoOutput ignored;
  try {
    parsed.render(context, ignored);
  } catch (const PartRenderer::LimitPassed&) {  // NOLINT(bugprone-empty-catch)
    // Reported below, as when the last piece passes the limit.
  }
  if (context.output_too_large()) {
    return absl::ResourceExhaustedError(fmt::format("rendering {} produces more than {} bytes",
                                                    PartName(name), options.max_output_bytes));
  }
  if (context.too_many_steps()) {
    return absl::ResourceExhaustedError(
        fmt::format("rendering {} takes more than {} steps", PartName(name), kMaxSteps));
  }
  for (const std::string& variable : context.missing()) {
    std::string warning = fmt::format("{} is missing", variable);
    if (std::ranges::find(rendered.warnings, warning) == rendered.warnings.end()) {
      rendered.warnings.push_back(std::move(warning));
    }
  }
  return absl::OkStatus();
}

absl::Status ContextMismatch(const std::vector<ContextError>& errors) {
  std::vector<std::string> messages;
  std::vector<std::string> variables;
  for (const ContextError& error : errors) {
    messages.push_back(fmt::format("{} {}", error.variable, error.message));
    variables.push_back(error.variable);
  }
  return WithReason(
      absl::FailedPreconditionError(
          fmt::format("the context does not match the template: {}", fmt::join(messages, "; "))),
      {"CONTEXT_MISMATCH", {{"variables", fmt::format("{}", fmt::join(variables, ","))}}});
}

}  // namespace

struct Renderer::Parsed {
  std::shared_ptr<const Template> compiled;
  std::array<std::optional<mustache>, 3> parts;  // by Part; parsed at its first use
};

Renderer::Renderer(std::size_t max_templates) : max_templates_(max_templates) {}
Renderer::~Renderer() = default;

absl::Status Renderer::Render(const std::shared_ptr<const Template>& compiled, Scopes scopes,
                              const RenderOptions& options, Rendered& out) {
  out.subject.clear();
  out.html.clear();
  out.text.clear();
  out.written.clear();
  out.warnings.clear();
  if (const auto errors = CheckContext(compiled->schema(), scopes); !errors.empty()) {
    if (options.mode == RenderOptions::Mode::kSend) return ContextMismatch(errors);
    for (const ContextError& error : errors) {
      out.warnings.push_back(fmt::format("{} {}", error.variable, error.message));
    }
  }
  Parsed& parsed = Parse(compiled);
  ValueWriter writer(options.language_code, options.time_zone);
  const std::pair<Part, std::string&> outputs[] = {
      {Part::kSubject, out.subject}, {Part::kHtml, out.html}, {Part::kText, out.text}};
  for (const auto& [part, output] : outputs) {
    const CompiledPart& source = compiled->part(part);
    if (source.source.empty()) continue;
    auto& mustache_part = parsed.parts.at(static_cast<std::size_t>(part));
    if (!mustache_part) mustache_part.emplace(source.source);
    LMSMAIL_RETURN_IF_ERROR(
        RenderPart(*mustache_part, source, part, scopes, options, writer, output, out));
  }
  CollapseToOneLine(out.subject);
  if (out.html.size() > kGmailClipBytes) {
    out.warnings.push_back(fmt::format("html is {} KB: Gmail hides everything after {} KB",
                                       out.html.size() / 1024, kGmailClipBytes / 1024));
  }
  return absl::OkStatus();
}

absl::Status Renderer::Render(const std::shared_ptr<const Template>& compiled,
                              const google::protobuf::Struct& context, const RenderOptions& options,
                              Rendered& out) {
  const Object values = FromStruct(context);
  const Object* const scopes[] = {&values};
  return Render(compiled, scopes, options, out);
}

Renderer::Parsed& Renderer::Parse(const std::shared_ptr<const Template>& compiled) {
  if (const auto it = by_template_.find(compiled.get()); it != by_template_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, it->second);
    return by_use_.front();
  }
  by_use_.push_front({compiled, {}});
  by_template_[compiled.get()] = by_use_.begin();
  if (by_use_.size() > max_templates_ && by_use_.size() > 1) {
    by_template_.erase(by_use_.back().compiled.get());
    by_use_.pop_back();
  }
  return by_use_.front();
}

}  // namespace lmsmail::render
