#include "imports_rows.hpp"

#include "imports_domain.hpp"
#include "products_api.hpp"
#include "products_store.hpp"
#include "types_store.hpp"
#include "variants_domain.hpp"

#include <gravity/meta/refuse.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace gravity::product_catalog {
namespace {

template <class T>
T decoded(const Json& document) {
    T value{};
    meta::Errors errors;
    json::decode(document, meta::mutable_ref(value), errors);
    refuse_if_any(errors);
    return value;
}

template <class T>
bool same(const T& a, const T& b) {
    return json::encode(a) == json::encode(b);
}

ProductRow as_row(const Product& made) {
    ProductRow row;
    row.id = made.id;
    row.type_id = made.type_id;
    row.status = made.status;
    row.version = made.version;
    row.created_at = made.created_at;
    row.updated_at = made.updated_at;
    row.staged = made;
    return row;
}

/// A product while rows are about it: locked, and as it will be once `write` has written what they say.
class ProductAtWork {
public:
    ProductAtWork(Tx& tx, Settings& settings, ProductRow row, std::vector<AttributeDef> defs, const std::vector<std::string>& skus, bool is_new)
        : tx_(tx), settings_(settings), row_(std::move(row)), defs_(std::move(defs)) {
        if (is_new) {
            count_.emplace(); // of none
        } else if (!skus.empty()) {
            for (VariantBySku& found : tx_.all(variants_of_skus, row_.id, skus)) {
                by_sku_.emplace(found.wanted, found.id);
                present_.emplace(found.id, std::move(found));
            }
        }
    }

    const ProductRow& row() const { return row_; }

    /// What a row says about it; `cells`: of a CSV, where media are named by URL alone.
    void say(Json said, const std::vector<Json>& variants, bool cells) {
        if (cells) bulk::keep_media(said, row_.staged.media);
        std::vector<OptionAxis> axes = row_.staged.options;
        bool widened = false;
        if (said.find("options") == nullptr) // else the row itself says what they are
            for (const Json& variant : variants)
                if (const Json* options = variant.find("options")) widened |= bulk::widen_options(axes, *options);
        if (!widened && said == said_) return; // as nearly every row of a file that has the product's cells in each
        Json patch = said;
        if (widened) patch["options"] = json::to_document(axes);
        ProductContent content = Patch<ProductContent>(patch).apply(row_.staged);
        ProductContent but_axes = content;
        but_axes.options = row_.staged.options;
        if (!same(but_axes, row_.staged) || (!widened && !same(content, row_.staged))) {
            write();
            products::update(tx_, Path<"id", ProductId>{row_.id}, Patch<ProductContent>(std::move(patch)), IfMatch{}, Given<Settings>{&settings_});
            row_ = tx_.one(lock_product, row_.id);
        } else if (widened) {
            check_stageable(content, defs_, settings_);
            new_axes_ |= content.options.size() != row_.staged.options.size();
            row_.staged = std::move(content);
            widened_ = true;
        }
        said_ = std::move(said);
    }
    /// It has just been made of this.
    void is_as_said(Json said) { said_ = std::move(said); }

    void say_of_variant(Json document) {
        const auto known = by_sku_.find(document.find("sku")->as_string());
        if (known == by_sku_.end()) return add(document);
        if (unwritten_.contains(known->second)) write(); // once more in these rows
        edit(present_.at(known->second), document);
    }

    /// Writes what is not written yet.
    void write() {
        if (widened_) {
            if (new_axes_) ensure_attributes(tx_, attribute_uses(defs_, row_.staged.options));
            row_ = tx_.one(save_product, row_);
            tx_.emit(ProductUpdated{row_.id, row_.version});
        } else if (touched_) {
            row_ = tx_.one(touch_product, row_.id);
        }
        if (!fresh_.empty()) tx_.exec(add_variants, fresh_);
        if (!edited_.empty()) tx_.exec(save_variants, edited_);
        if (!unique_.empty()) tx_.exec(add_unique_values, row_.id, unique_);
        for (const Announced& one : announced_) {
            if (one.is_new)
                tx_.emit(VariantCreated{one.id, row_.id, one.sku});
            else
                tx_.emit(VariantUpdated{one.id, row_.id, one.sku});
        }
        widened_ = new_axes_ = touched_ = false;
        fresh_.clear(), edited_.clear(), unique_.clear(), announced_.clear(), unwritten_.clear();
    }

private:
    struct Announced {
        bool is_new;
        VariantId id;
        Sku sku;
    };

    void add(const Json& document) {
        if (!count_) count_ = tx_.one(count_variants, row_.id);
        refuse_beyond(settings_.max_variants, count_->count + 1);
        VariantEdit edit;
        if (document.find("position") != nullptr) {
            edit = decoded<VariantEdit>(document);
        } else {
            static_cast<NewVariant&>(edit) = decoded<NewVariant>(document);
            edit.position = std::min(count_->next_position, last_position);
        }
        check_variant(edit, row_.staged, defs_);
        check_reference_values(tx_, edit.attributes, defs_);
        ++count_->count;
        count_->next_position = std::max(count_->next_position, edit.position.value() + 1);
        const auto id = tx_.new_id<VariantId>();
        for (UniqueValue& value : unique_values(id, edit.attributes, defs_)) unique_.push_back(std::move(value));
        announced_.push_back({true, id, edit.sku});
        by_sku_.emplace(document.find("sku")->as_string(), id);
        Variant& variant = present_[id];
        static_cast<VariantEdit&>(variant) = edit;
        variant.id = id;
        fresh_.push_back(insertion(std::move(edit), id, row_.id));
        unwritten_.insert(id);
        touched_ = true;
    }

    void edit(Variant& present, const Json& document) {
        VariantEdit edit = Patch<VariantEdit>(document).apply(present);
        if (same(edit, static_cast<const VariantEdit&>(present))) return;
        check_variant(edit, row_.staged, defs_);
        check_reference_values(tx_, edit.attributes, defs_);
        // What may be there once only is written in the order of the rows, so that one may take what another has given up before, and not after.
        // So are places, by which the next new variant is given its own.
        const bool order_matters = edit.sku != present.sku || edit.gtin != present.gtin || edit.options != present.options ||
                                   edit.position != present.position ||
                                   !same(unique_values(present.id, edit.attributes, defs_), unique_values(present.id, present.attributes, defs_));
        if (order_matters) {
            write();
            count_.reset();
            present = tx_.one(save_variant, insertion(std::move(edit), present.id, row_.id));
            keep_unique_values(tx_, row_.id, present.id, present.attributes, defs_);
        } else {
            static_cast<VariantEdit&>(present) = edit;
            edited_.push_back(insertion(std::move(edit), present.id, row_.id));
            unwritten_.insert(present.id);
        }
        announced_.push_back({false, present.id, present.sku});
        touched_ = true;
    }

    Tx& tx_;
    Settings& settings_;
    ProductRow row_;
    std::vector<AttributeDef> defs_;
    std::map<std::string, VariantId> by_sku_; // as rows write it; another spelling of one that is new is found when it cannot be added a second time
    std::map<VariantId, Variant> present_;    // of those, the ones that are there: as they will be
    std::optional<VariantCount> count_;       // with those that are not written yet
    Json said_;                               // about the product, by the row before

    // Not written yet:
    bool widened_ = false, new_axes_ = false; // the product's axes
    bool touched_ = false;                    // a variant of it
    std::vector<VariantInsert> fresh_, edited_;
    std::vector<UniqueValue> unique_;
    std::vector<Announced> announced_;
    std::set<VariantId> unwritten_; // of the fresh and the edited
};

class Importer {
public:
    Importer(Tx& tx, Settings& settings, const Import& import, const std::vector<ImportRow>& rows, Writing writing)
        : tx_(tx), settings_(settings), writing_(writing) {
        if (import.format == BulkFormat::csv) columns_.emplace(tx.one(get_import_columns, import.id).columns);
        look_ahead(rows);
    }

    RowDone apply(const ImportRow& row) {
        return named(row, [&] { return RowDone{row.number, columns_ ? apply_fields(row) : apply_row(bulk::row_of(row.body))}; });
    }
    /// Writes what is not written yet.
    void finish(const ImportRow& last) {
        named(last, [&] {
            if (at_work_) at_work_->write();
            return RowDone{};
        });
    }

private:
    // A failure is that of the row.
    template <class Work>
    RowDone named(const ImportRow& row, Work&& work) {
        try {
            return work();
        } catch (const bulk::RowFault& fault) {
            throw BadRowFound({row.number, fault.pointer, fault.detail, std::string(problems::invalid.slug)});
        } catch (const Refusal& refusal) {
            if (refusal.problem().status >= 500) throw; // the store's trouble, not the row's
            RowFailed bad{row.number, "", std::string(refusal.detail().empty() ? refusal.problem().title : refusal.detail()),
                          std::string(refusal.problem().slug)};
            if (!refusal.faults().empty()) {
                bad.pointer = where_ + refusal.faults().front().pointer;
                bad.detail.clear();
                for (const auto& fault : refusal.faults()) bad.detail += (bad.detail.empty() ? "" : "; ") + fault.pointer + " " + fault.detail;
            }
            if (columns_) bad.pointer = columns_->column_of(bad.pointer.substr(std::min(bad.pointer.size(), where_.size())));
            throw BadRowFound(std::move(bad));
        }
    }

    // Products and SKUs that the rows name: so that they are read together. What a row really says, and whether it may, comes later.
    void look_ahead(const std::vector<ImportRow>& rows) {
        std::vector<std::string> fields, slugs;
        for (const ImportRow& row : rows) {
            if (columns_) {
                fields = fields_of(row);
                std::vector<std::string>& skus = skus_[std::string(columns_->cell(fields, "slug"))];
                if (const auto sku = columns_->cell(fields, "sku"); !sku.empty()) skus.emplace_back(sku);
            } else {
                const Json* slug = row.body.at_pointer("/product/slug");
                if (slug == nullptr || !slug->is_string()) continue;
                std::vector<std::string>& skus = skus_[slug->as_string()];
                const Json* variants = row.body.find("variants");
                if (variants == nullptr || !variants->is_array()) continue;
                for (const Json& variant : variants->as_array())
                    if (const Json* sku = variant.find("sku"); sku != nullptr && sku->is_string()) skus.push_back(sku->as_string());
            }
        }
        for (const auto& [slug, skus] : skus_) slugs.push_back(slug);
        for (ProductAt& found : tx_.all(products_by_slugs, settings_.langs.base().str(), slugs)) known_.emplace(found.slug, found);
    }

    static std::vector<std::string> fields_of(const ImportRow& row) {
        std::vector<std::string> fields;
        for (const Json& field : row.body.as_array()) fields.push_back(field.as_string());
        return fields;
    }

    ProductId apply_fields(const ImportRow& row) {
        const std::vector<std::string> fields = fields_of(row);
        const auto known = known_.find(std::string(columns_->cell(fields, "slug")));
        const auto type = known != known_.end() ? known->second.type_id : type_of(columns_->cell(fields, "type"));
        return apply_row(columns_->row(fields, defs_of(type)));
    }

    std::optional<ProductTypeId> type_of(std::string_view key) {
        if (key.empty()) return std::nullopt;
        auto found = types_.find(key);
        if (found == types_.end()) found = types_.emplace(key, tx_.maybe(type_by_key, std::string(key))).first;
        if (!found->second) throw bulk::RowFault{"/type", "names no product type"};
        return found->second;
    }

    const std::vector<AttributeDef>& defs_of(const std::optional<ProductTypeId>& type) {
        auto found = defs_.find(type);
        if (found == defs_.end()) found = defs_.emplace(type, attributes_of(tx_, type)).first; // held until the end of the transaction
        return found->second;
    }

    ProductId apply_row(bulk::Row row) {
        where_ = columns_ ? "" : "/product";
        save_product(row);
        if (writing_ == Writing::one_by_one) at_work_->write();
        for (std::size_t i = 0; i < row.variants.size(); ++i) {
            where_ = columns_ ? "" : "/variants/" + std::to_string(i);
            at_work_->say_of_variant(std::move(row.variants[i]));
            if (writing_ == Writing::one_by_one) at_work_->write();
        }
        return at_work_->row().id;
    }

    void save_product(bulk::Row& row) {
        const std::string slug = row.product.find("slug")->as_string();
        const auto known = known_.find(slug);
        const auto type = type_of(row.type.value_or(""));
        if (known == known_.end()) return make_product(slug, type, row);
        if (type && known->second.type_id != type) throw bulk::RowFault{"/type", "is not the product's type, which it has for good"};
        if (!at_work_ || at_work_->row().id != known->second.id) {
            leave();
            begin(tx_.one(lock_product, known->second.id), slug, false);
        }
        at_work_->say(std::move(row.product), row.variants, columns_.has_value());
    }

    void make_product(const std::string& slug, const std::optional<ProductTypeId>& type, bulk::Row& row) {
        leave();
        Json document = row.product;
        if (document.find("options") == nullptr) {
            std::vector<OptionAxis> axes;
            for (const Json& variant : row.variants)
                if (const Json* options = variant.find("options")) bulk::widen_options(axes, *options);
            if (!axes.empty()) document["options"] = json::to_document(axes);
        }
        NewProduct fresh = decoded<NewProduct>(document);
        if (type) fresh.type_id = type;
        const Product made = products::create(tx_, Body<NewProduct>{std::move(fresh)}, Given<Settings>{&settings_}).value;
        known_.emplace(slug, ProductAt{slug, made.id, made.type_id});
        begin(as_row(made), slug, true);
        at_work_->is_as_said(std::move(row.product));
    }

    void leave() {
        if (at_work_) at_work_->write();
        at_work_.reset();
    }
    void begin(ProductRow row, const std::string& slug, bool is_new) {
        const auto type = row.type_id;
        at_work_.emplace(tx_, settings_, std::move(row), defs_of(type), skus_[slug], is_new);
    }

    Tx& tx_;
    Settings& settings_;
    const Writing writing_;
    std::optional<bulk::Columns> columns_;
    std::map<std::string, std::vector<std::string>> skus_; // by slug, of all rows
    std::map<std::string, ProductAt> known_;               // by slug
    std::map<std::string, std::optional<ProductTypeId>, std::less<>> types_;
    std::map<std::optional<ProductTypeId>, std::vector<AttributeDef>> defs_;
    std::optional<ProductAtWork> at_work_;
    std::string where_; // the document that is being saved
};

} // namespace

std::vector<RowDone> apply_rows(Tx& tx, Settings& settings, const Import& import, const std::vector<ImportRow>& rows, Writing writing) {
    std::vector<RowDone> done;
    if (rows.empty()) return done;
    Importer importer(tx, settings, import, rows, writing);
    for (const ImportRow& row : rows) done.push_back(importer.apply(row));
    importer.finish(rows.back());
    return done;
}

} // namespace gravity::product_catalog
