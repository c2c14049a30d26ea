#include "services/template/domain/preview.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "libs/language/best_match.h"
#include "libs/render/limits.h"
#include "libs/render/renderer.h"
#include "libs/render/sample_context.h"
#include "libs/status/status_macros.h"
#include "services/template/domain/content_validation.h"

namespace lmsmail::templates {
namespace {

const LocalizedContent& ChooseLanguage(const TemplateContent& content,
                                       const PreviewOptions& options) {
  if (options.language_code.empty()) return content.languages.front();
  return language::BestMatch(content.languages, &LocalizedContent::language_code,
                             options.language_code);
}

void AddSizeWarnings(PreviewedMail& mail) {
  constexpr std::size_t kWarnBytes = render::kGmailClipBytes / 10 * 9;
  if (mail.html.size() > kWarnBytes) {
    mail.warnings.push_back(fmt::format(
        "the HTML is {} KB: Gmail hides everything after {} KB, including the unsubscribe link",
        mail.html.size() / 1024, render::kGmailClipBytes / 1024));
  }
  if (mail.subject.size() > kMaxSubjectBytes) {
    mail.warnings.push_back(
        fmt::format("the subject has {} bytes, more than the {} of a header line",
                    mail.subject.size(), kMaxSubjectBytes));
  }
}

absl::StatusOr<PreviewedMail> Render(const std::shared_ptr<const render::Template>& compiled,
                                     const LocalizedContent& localized,
                                     const PreviewOptions& options) {
  const google::protobuf::Struct context =
      options.context != nullptr ? *options.context : render::SampleContext(compiled->schema());
  render::Renderer renderer(1);
  render::Rendered rendered;
  render::RenderOptions render_options;
  render_options.mode = render::RenderOptions::Mode::kPreview;
  const bool is_read = language::IsSameOrParent(localized.language_code, options.language_code);
  render_options.language_code = is_read ? options.language_code : localized.language_code;
  render_options.time_zone = options.time_zone;
  LMSMAIL_RETURN_IF_ERROR(renderer.Render(compiled, context, render_options, rendered));
  PreviewedMail mail{.subject = std::move(rendered.subject),
                     .html = std::move(rendered.html),
                     .text = std::move(rendered.text),
                     .warnings = std::move(rendered.warnings),
                     .language_code = localized.language_code};
  AddSizeWarnings(mail);
  return mail;
}

}  // namespace

absl::StatusOr<PreviewedMail> Preview::RenderStored(std::string_view id, VersionSelector version,
                                                    const PreviewOptions& options,
                                                    absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Found found, catalog_.GetVersion(id, version, deadline));
  const LocalizedContent& localized = ChooseLanguage(found.version->content, options);
  LMSMAIL_ASSIGN_OR_RETURN(const auto compiled, compiled_.Get(*found.version, localized));
  return Render(compiled, localized, options);
}

absl::StatusOr<PreviewedMail> Preview::RenderUnsaved(const TemplateContent& content,
                                                     const PreviewOptions& options,
                                                     Violations violations) {
  const ContentFindings findings = ValidateContent(content);
  violations.AddNested("unsaved", findings.violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  const LocalizedContent& localized = ChooseLanguage(content, options);
  LMSMAIL_ASSIGN_OR_RETURN(const auto compiled, Compile(content, localized));
  LMSMAIL_ASSIGN_OR_RETURN(PreviewedMail mail, Render(compiled, localized, options));
  mail.warnings.insert(mail.warnings.begin(), findings.warnings.begin(), findings.warnings.end());
  return mail;
}

}  // namespace lmsmail::templates
