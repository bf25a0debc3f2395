#include <gravity/base/codes.hpp>

namespace gravity {
namespace {

// ISO 4217, list one: what is legal tender somewhere, by the decimal digits of the minor unit, each list in order. Of
// the funds only CLF and UYW, in which contracts are written. As of 2026: without HRK and BGN (EUR), with SLE, VED,
// XCG, ZWG.
constexpr std::string_view digits_0 = "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXVNDVUVXAFXOFXPF";
constexpr std::string_view digits_2 =
    "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCNYCOPCRCCUPCVECZKDKKDOPDZDEGP"
    "ERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKESKGSKHRKPWKYDKZTLAKLBPLKRLRDLSLMADMDL"
    "MGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDPABPENPGKPHPPKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGD"
    "SHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZSUAHUSDUYUUZSVEDVESWSTXCDXCGYERZARZMWZWG";
constexpr std::string_view digits_3 = "BHDIQDJODKWDLYDOMRTND";
constexpr std::string_view digits_4 = "CLFUYW";

// ISO 3166-1, officially assigned, in order.
constexpr std::string_view countries =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCU"
    "CVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIE"
    "ILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMT"
    "MUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSM"
    "SNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// Whether one of the codes of `size` letters in `list`, which is sorted, is `code`.
constexpr bool contains(std::string_view list, std::size_t size, std::string_view code) {
    std::size_t low = 0;
    std::size_t high = list.size() / size;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const std::string_view at = list.substr(middle * size, size);
        if (at == code) return true;
        if (at < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

constexpr bool sorted(std::string_view list, std::size_t size) {
    for (std::size_t i = size; i < list.size(); i += size) {
        if (!(list.substr(i - size, size) < list.substr(i, size))) return false;
    }
    return list.size() % size == 0;
}
static_assert(sorted(digits_0, 3) && sorted(digits_2, 3) && sorted(digits_3, 3) && sorted(digits_4, 3) &&
              sorted(countries, 2));
static_assert(countries.size() / 2 == 249);

int digits_of(std::string_view code) {
    if (code.size() != 3) return -1;
    if (contains(digits_2, 3, code)) return 2;
    if (contains(digits_0, 3, code)) return 0;
    if (contains(digits_3, 3, code)) return 3;
    return contains(digits_4, 3, code) ? 4 : -1;
}

} // namespace

bool Currency::accept(std::string_view in, std::string& why) {
    if (digits_of(in) >= 0) return true;
    why = "must be an ISO 4217 currency code such as EUR";
    return false;
}

int Currency::exponent() const { return digits_of(view()); }

bool Country::accept(std::string_view in, std::string& why) {
    if (in.size() == 2 && contains(countries, 2, in)) return true;
    why = "must be an ISO 3166-1 alpha-2 country code such as DE";
    return false;
}

} // namespace gravity
