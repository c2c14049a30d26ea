#include "libs/locale/formatter.h"

#include <fmt/format.h>
#include <unicode/datefmt.h>
#include <unicode/dtitvfmt.h>
#include <unicode/listformatter.h>
#include <unicode/locid.h>
#include <unicode/numberformatter.h>
#include <unicode/plurrule.h>

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/civil_time.h"

#include "libs/locale/currency.h"
#include "libs/strings/view.h"

namespace lmsmail::locale {
namespace {

using icu::number::LocalizedNumberFormatter;
using icu::number::NumberFormatter;
using icu::number::Precision;

constexpr double kMillisecondsPerSecond = 1000;
// Of a thread, at some 100 KB each. Callers may ask for any language.
constexpr std::size_t kMaxCached = 64;
// Of a formatter. Senders may name any three letters.
constexpr std::size_t kMaxCurrencies = 50;

void Append(const icu::UnicodeString& text, std::string& out) { text.toUTF8String(out); }

icu::StringPiece Piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

icu::Locale LocaleOf(std::string_view language_code) {
  UErrorCode status = U_ZERO_ERROR;
  icu::Locale locale = icu::Locale::forLanguageTag(Piece(language_code), status);
  return U_SUCCESS(status) && !locale.isBogus() ? locale : icu::Locale::getRoot();
}

// The time as if it were one in UTC.
UDate ToUDate(absl::CivilSecond time) {
  return static_cast<double>(time - absl::CivilSecond(1970, 1, 1)) * kMillisecondsPerSecond;
}

std::unique_ptr<icu::DateFormat> InUtc(icu::DateFormat* created) {
  std::unique_ptr<icu::DateFormat> format(created);
  if (format != nullptr) format->setTimeZone(*icu::TimeZone::getGMT());
  return format;
}

}  // namespace

// Each member is built at its first use.
struct Formatter::Icu {
  explicit Icu(const icu::Locale& of) : locale(of), numbers(NumberFormatter::withLocale(of)) {}

  const icu::Locale locale;
  const LocalizedNumberFormatter numbers;
  std::optional<LocalizedNumberFormatter> plain;
  std::optional<LocalizedNumberFormatter> percent;
  std::map<std::string, LocalizedNumberFormatter, std::less<>> money;  // by currency
  std::unique_ptr<icu::DateFormat> date;
  std::unique_ptr<icu::DateFormat> time;
  std::unique_ptr<icu::DateFormat> date_time;
  std::unique_ptr<icu::DateIntervalFormat> days;
  std::unique_ptr<icu::ListFormatter> list;
  std::unique_ptr<icu::PluralRules> plurals;

  // The last result of what is slow (an interval takes 50 us) and asked for again: all mails of a
  // week have its days, and each section of a plural asks for the same number.
  struct {
    absl::CivilDay first;
    absl::CivilDay last;
    std::string text;
  } last_days;
  struct {
    double number = 0;
    std::optional<Plural> plural;
  } last_plural;

  const LocalizedNumberFormatter& Plain() {
    if (!plain) plain = numbers.precision(Precision::unlimited());
    return *plain;
  }
  std::string Days(absl::CivilDay first, absl::CivilDay last);
  Plural Select(double number);
};

std::string Formatter::Icu::Days(absl::CivilDay first, absl::CivilDay last) {
  UErrorCode status = U_ZERO_ERROR;
  if (!days) {
    days.reset(icu::DateIntervalFormat::createInstance(u"yMMMMd", locale, status));
    if (days) days->setTimeZone(*icu::TimeZone::getGMT());
  }
  std::string out;
  if (!days) return out;
  const icu::DateInterval interval(ToUDate(absl::CivilSecond(first)),
                                   ToUDate(absl::CivilSecond(last)));
  icu::UnicodeString text;
  icu::FieldPosition ignored;
  Append(days->format(&interval, text, ignored, status), out);
  return out;
}

Plural Formatter::Icu::Select(double number) {
  UErrorCode status = U_ZERO_ERROR;
  if (!plurals) {
    plurals.reset(icu::PluralRules::forLocale(locale, UPLURAL_TYPE_CARDINAL, status));
  }
  if (!plurals) return Plural::kOther;
  const icu::UnicodeString keyword = plurals->select(number);
  for (const Plural plural :
       {Plural::kZero, Plural::kOne, Plural::kTwo, Plural::kFew, Plural::kMany}) {
    const std::string_view name = PluralName(plural);
    if (keyword == icu::UnicodeString::fromUTF8(Piece(name))) return plural;
  }
  return Plural::kOther;
}

Formatter::Formatter(std::string_view language_code)
    : icu_(std::make_unique<Icu>(LocaleOf(language_code))) {}
Formatter::~Formatter() = default;

std::shared_ptr<const Formatter> Formatter::OfThread(std::string_view language_code) {
  static thread_local absl::flat_hash_map<std::string, std::shared_ptr<const Formatter>> cache;
  if (const auto it = cache.find(ToAbsl(language_code)); it != cache.end()) return it->second;
  if (cache.size() >= kMaxCached) cache.clear();
  return cache[std::string(language_code)] = std::make_shared<const Formatter>(language_code);
}

void Formatter::AppendNumber(double number, std::string& out) const {
  UErrorCode status = U_ZERO_ERROR;
  Append(icu_->Plain().formatDouble(number, status).toString(status), out);
}

void Formatter::AppendPercent(double hundredths, std::string& out) const {
  if (!icu_->percent) {
    icu_->percent =
        icu_->numbers.precision(Precision::unlimited()).unit(icu::MeasureUnit::getPercent());
  }
  UErrorCode status = U_ZERO_ERROR;
  Append(icu_->percent->formatDouble(hundredths, status).toString(status), out);
}

void Formatter::AppendMoney(const Money& money, std::string& out) const {
  const int digits = MinorUnitDigits(money.currency_code);
  auto formatter = icu_->money.find(money.currency_code);
  UErrorCode status = U_ZERO_ERROR;
  if (formatter == icu_->money.end()) {
    const icu::CurrencyUnit currency(Piece(money.currency_code), status);
    if (U_FAILURE(status)) return;
    if (icu_->money.size() >= kMaxCurrencies) icu_->money.clear();
    formatter = icu_->money
                    .emplace(std::string(money.currency_code),
                             icu_->numbers.unit(currency)
                                 .unitWidth(UNUM_UNIT_WIDTH_ISO_CODE)
                                 .precision(Precision::fixedFraction(digits)))
                    .first;
  }
  // As a decimal number, because a double is exact up to 2^53 only.
  const std::string decimal = fmt::format("{}E-{}", money.minor_units, digits);
  Append(formatter->second.formatDecimal(Piece(decimal), status).toString(status), out);
}

void Formatter::AppendDate(absl::CivilDay day, std::string& out) const {
  if (!icu_->date) {
    icu_->date = InUtc(icu::DateFormat::createDateInstance(icu::DateFormat::kLong, icu_->locale));
  }
  icu::UnicodeString text;
  if (icu_->date) Append(icu_->date->format(ToUDate(absl::CivilSecond(day)), text), out);
}

void Formatter::AppendTime(absl::CivilSecond time, std::string& out) const {
  if (!icu_->time) {
    icu_->time = InUtc(icu::DateFormat::createTimeInstance(icu::DateFormat::kShort, icu_->locale));
  }
  icu::UnicodeString text;
  if (icu_->time) Append(icu_->time->format(ToUDate(time), text), out);
}

void Formatter::AppendDateTime(absl::CivilSecond time, std::string& out) const {
  if (!icu_->date_time) {
    icu_->date_time = InUtc(icu::DateFormat::createDateTimeInstance(
        icu::DateFormat::kLong, icu::DateFormat::kShort, icu_->locale));
  }
  icu::UnicodeString text;
  if (icu_->date_time) Append(icu_->date_time->format(ToUDate(time), text), out);
}

void Formatter::AppendDays(absl::CivilDay first, absl::CivilDay last, std::string& out) const {
  auto& memo = icu_->last_days;
  if (memo.text.empty() || memo.first != first || memo.last != last) {
    memo = {first, last, icu_->Days(first, last)};
  }
  out += memo.text;
}

void Formatter::AppendList(std::span<const std::string> items, std::string& out) const {
  UErrorCode status = U_ZERO_ERROR;
  if (!icu_->list) icu_->list.reset(icu::ListFormatter::createInstance(icu_->locale, status));
  if (!icu_->list) return;
  std::vector<icu::UnicodeString> texts;
  texts.reserve(items.size());
  for (const std::string& item : items) texts.push_back(icu::UnicodeString::fromUTF8(item));
  icu::UnicodeString text;
  Append(icu_->list->format(texts.data(), static_cast<int32_t>(texts.size()), text, status), out);
}

Plural Formatter::PluralOf(double number) const {
  auto& memo = icu_->last_plural;
  if (!memo.plural || memo.number != number) memo = {number, icu_->Select(number)};
  return *memo.plural;
}

}  // namespace lmsmail::locale
