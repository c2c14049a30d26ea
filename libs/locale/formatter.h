#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace lmsmail::locale {

// CLDR's plural categories, such as kFew for "3" in Arabic.
enum class Plural { kZero, kOne, kTwo, kFew, kMany, kOther };
constexpr std::string_view PluralName(Plural plural) {
  constexpr std::string_view kNames[] = {"zero", "one", "two", "few", "many", "other"};
  return kNames[static_cast<std::size_t>(plural)];
}

// An amount in the smallest unit that ISO 4217 gives its currency: 4999 EUR are 49.99 EUR.
struct Money {
  std::int64_t minor_units = 0;
  std::string_view currency_code;
};

// Writes values as CLDR has them in one language, appending to `out`. Times are written as given:
// their zone is the caller's part, so that ICU's own copy of the zones is never asked. Not
// thread-safe: what ICU needs for a kind of value, it builds at the first use.
class Formatter {
 public:
  // `language_code` is a BCP 47 tag with or without a region: "de-AT". One that CLDR does not know
  // is written like no language in particular.
  explicit Formatter(std::string_view language_code);
  ~Formatter();
  Formatter(const Formatter&) = delete;
  Formatter& operator=(const Formatter&) = delete;

  // The calling thread's formatter of this language. Must not be passed to another thread.
  static std::shared_ptr<const Formatter> OfThread(std::string_view language_code);

  void AppendNumber(double number, std::string& out) const;         // "1.234,5"
  void AppendPercent(double hundredths, std::string& out) const;    // 64 is "64 %"
  void AppendMoney(const Money& money, std::string& out) const;     // "1.234.567,89 EUR"
  void AppendDate(absl::CivilDay day, std::string& out) const;      // "7. Dezember 2026"
  void AppendTime(absl::CivilSecond time, std::string& out) const;  // "18:00"
  void AppendDateTime(absl::CivilSecond time, std::string& out) const;
  // From the first to the last day: "16.–22. November 2026".
  void AppendDays(absl::CivilDay first, absl::CivilDay last, std::string& out) const;
  void AppendList(std::span<const std::string> items, std::string& out) const;  // "A, B und C"

  Plural PluralOf(double number) const;

 private:
  struct Icu;
  const std::unique_ptr<Icu> icu_;
};

}  // namespace lmsmail::locale
