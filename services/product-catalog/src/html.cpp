#include "html.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <libxml/HTMLparser.h>
#include <memory>
#include <vector>

namespace gravity::product_catalog::html {
namespace {

constexpr std::string_view kept[] = {"a", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h2", "h3", "h4", "hr", "i", "li",
                                     "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"};
// What is not for reading: gone with all that is inside.
constexpr std::string_view dropped[] = {"applet", "area", "audio", "base", "button", "canvas", "embed", "form", "frame", "frameset", "head",
                                        "iframe", "input", "link", "map", "math", "meta", "noembed", "noframes", "noscript", "object", "param",
                                        "script", "select", "source", "style", "svg", "template", "textarea", "title", "track", "video", "xmp"};
constexpr std::string_view blocks[] = {"blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6",
                                       "hr", "li", "ol", "p", "pre", "table", "td", "th", "tr", "ul"};
constexpr int max_depth = 100; // a deeper tree is nobody's description

template <std::size_t N>
bool listed(const std::string_view (&names)[N], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// The page has its own first heading.
std::string_view written_as(std::string_view name) { return name == "h1" ? "h2" : name == "h5" || name == "h6" ? "h4"
                                                                                                               : name; }

std::string_view view(const xmlChar* text) { return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text)); }

struct FreeDocument {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

// libxml2 takes a NUL for the end and guesses character sets, so it gets valid UTF-8 and is told so. Inside a div of ours it puts no paragraph
// of its own around bare text.
Document parse(std::string_view text) {
    static const bool initialised = (xmlInitParser(), true); // before the first thread parses
    static_cast<void>(initialised);
    std::string clean = "<div>";
    clean.reserve(text.size() + 16);
    std::string_view rest = text;
    while (const auto c = utf8::next(rest))
        if (*c != 0) utf8::append(clean, *c);
    clean += "</div>";
    const int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_NODEFDTD;
    return Document(htmlReadMemory(clean.data(), static_cast<int>(clean.size()), nullptr, "UTF-8", options));
}

// What stands in our div, and what came after a stray </div> closed it.
std::vector<const xmlNode*> content(const xmlDoc* document) {
    std::vector<const xmlNode*> nodes;
    for (const xmlNode* top = xmlDocGetRootElement(const_cast<xmlDoc*>(document)); top != nullptr; top = top->next) {
        if (view(top->name) != "html") continue;
        for (const xmlNode* part = top->children; part != nullptr; part = part->next) {
            if (view(part->name) != "body") continue;
            for (const xmlNode* node = part->children; node != nullptr; node = node->next) {
                if (node == part->children && view(node->name) == "div")
                    for (const xmlNode* inner = node->children; inner != nullptr; inner = inner->next) nodes.push_back(inner);
                else
                    nodes.push_back(node);
            }
        }
    }
    return nodes;
}

bool has_block(const xmlNode* node, int depth) {
    if (node->type != XML_ELEMENT_NODE || depth > max_depth) return false;
    if (listed(blocks, view(node->name)) || view(node->name) == "br") return true;
    for (const xmlNode* child = node->children; child != nullptr; child = child->next)
        if (has_block(child, depth + 1)) return true;
    return false;
}

class Writer {
public:
    /// `plain`: there are no blocks, so line breaks mean something.
    explicit Writer(bool plain) : plain_(plain) {}

    void write(const xmlNode* node, int depth) {
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
            if (plain_)
                write_lines(view(node->content), depth);
            else
                out_ += escape(view(node->content));
            return;
        }
        const auto name = written_as(view(node->name));
        if (node->type != XML_ELEMENT_NODE || depth > max_depth || listed(dropped, name)) return;
        if (!listed(kept, name)) {
            write_children(node, depth);
            return;
        }
        break_line(depth);
        out_.append("<").append(name);
        if (name == "a") write_href(node);
        out_ += '>';
        if (name == "br" || name == "hr") return;
        write_children(node, depth + 1);
        out_.append("</").append(name).append(">");
    }
    std::string take() { return std::move(out_); }

private:
    void write_children(const xmlNode* node, int depth) {
        for (const xmlNode* child = node->children; child != nullptr; child = child->next) write(child, depth);
    }

    void write_href(const xmlNode* node) {
        const std::unique_ptr<xmlChar, void (*)(void*)> href(xmlGetProp(node, reinterpret_cast<const xmlChar*>("href")), [](void* p) { xmlFree(p); });
        if (const auto url = Url::parse(ascii::trim(view(href.get()))))
            out_.append(" href=\"").append(escape(url->view())).append("\" rel=\"nofollow noopener\"");
    }

    // An empty line begins a paragraph, a single line break is one.
    void write_lines(std::string_view text, int depth) {
        for (std::size_t at = 0; at < text.size();) {
            const auto end = std::min(text.find('\n', at), text.size());
            const auto line = end < text.size() ? text.substr(at, text.find_last_not_of(" \t\r", end - 1) + 1 - at) : text.substr(at);
            if (end > at && !(line_breaks_ > 0 && ascii::trim(line).empty())) {
                break_line(depth);
                out_ += escape(text.substr(at, end - at));
            }
            if (end < text.size()) ++line_breaks_;
            at = end + 1;
        }
    }

    void break_line(int depth) {
        if (line_breaks_ > 0 && !out_.empty()) out_ += line_breaks_ == 1 ? "<br>" : depth == 0 ? "</p><p>"
                                                                                               : "<br><br>";
        line_breaks_ = 0;
    }

    std::string out_;
    bool plain_;
    int line_breaks_ = 0; // read and not yet written: those at the end never are
};

void collect_text(const xmlNode* node, int depth, std::string& out) {
    const auto end_line = [&] {
        while (out.ends_with(' ')) out.pop_back();
        if (!out.empty() && out.back() != '\n') out += '\n';
    };
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        for (const char c : view(node->content)) {
            if (!ascii::is_space(c))
                out += c;
            else if (!out.empty() && out.back() != ' ' && out.back() != '\n')
                out += ' ';
        }
        return;
    }
    const auto name = view(node->name);
    if (node->type != XML_ELEMENT_NODE || depth > max_depth || listed(dropped, name)) return;
    const bool block = listed(blocks, name) || name == "br";
    if (block) end_line();
    if (name == "li") out += "- ";
    for (const xmlNode* child = node->children; child != nullptr; child = child->next) collect_text(child, depth + 1, out);
    if (block) end_line();
}

bool is_markup(std::string_view text) { return text.find('<') != std::string_view::npos || text.find('&') != std::string_view::npos; }

} // namespace

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 16);
    while (const auto c = utf8::next(text)) {
        switch (*c) {
        case U'&': out += "&amp;"; break;
        case U'<': out += "&lt;"; break;
        case U'>': out += "&gt;"; break;
        case U'"': out += "&quot;"; break;
        case U'\'': out += "&#39;"; break;
        default:
            if ((*c < 0x20 && *c != U'\t' && *c != U'\n' && *c != U'\r') || *c == 0x7f || *c == 0xfffe || *c == 0xffff) continue;
            utf8::append(out, *c);
        }
    }
    return out;
}

namespace {

std::string sanitise_once(std::string_view description) {
    const Document document = parse(description);
    if (!document) return "";
    // Text without blocks of its own is plain, whatever bold words are in it; then line breaks mean something.
    const auto nodes = content(document.get());
    const bool plain = std::none_of(nodes.begin(), nodes.end(), [](const xmlNode* node) { return has_block(node, 0); });
    Writer writer(plain);
    for (const xmlNode* node : nodes) writer.write(node, 0);
    std::string out = writer.take();
    return plain && !out.empty() ? "<p>" + out + "</p>" : out;
}

} // namespace

std::string sanitise(std::string_view description) {
    if (ascii::trim(description).empty()) return "";
    std::string out = sanitise_once(description);
    // Where an element was taken out, what stood in it may now stand where a parser would not leave it: a browser would read another text than was written.
    for (int pass = 0; pass < 4; ++pass) {
        std::string again = sanitise_once(out);
        if (again == out) return out;
        out = std::move(again);
    }
    return "<p>" + escape(plain_text(out)) + "</p>";
}

std::string plain_text(std::string_view description) {
    if (!is_markup(description)) return std::string(ascii::trim(description));
    const Document document = parse(description);
    if (!document) return "";
    std::string out;
    for (const xmlNode* node : content(document.get())) collect_text(node, 0, out);
    return std::string(ascii::trim(out));
}

std::string excerpt(std::string_view text, std::size_t limit) {
    std::string line; // one line, as meta tags and feeds want it
    for (const char c : ascii::trim(text)) {
        if (!ascii::is_space(c))
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    if (utf8::count(line) <= limit) return line;
    std::string_view rest = line;
    for (std::size_t n = 0; n + 1 < limit; ++n) utf8::next(rest);
    std::string cut = line.substr(0, line.size() - rest.size());
    if (!rest.starts_with(' ')) {
        const auto space = cut.rfind(' ');
        if (space != std::string::npos && space > cut.size() / 2) cut.resize(space); // a script without spaces is cut where it is
    }
    while (cut.ends_with(' ') || cut.ends_with(',') || cut.ends_with(';')) cut.pop_back();
    return cut + "…";
}

std::string script_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (c == '<')
            out += "\\u003c";
        else if (c == '>')
            out += "\\u003e";
        else if (c == '&')
            out += "\\u0026";
        else if (c == '\xe2' && (json.substr(i, 3) == "\u2028" || json.substr(i, 3) == "\u2029")) {
            out += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else
            out += c;
    }
    return out;
}

bool is_web_url(std::string_view url) { return static_cast<bool>(Url::parse(url)); }

} // namespace gravity::product_catalog::html
