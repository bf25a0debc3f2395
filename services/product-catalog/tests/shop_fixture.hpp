#pragma once

#include "storefront.hpp"

/// A shop and a product as the storefront's functions take them, with every trap in their texts.
namespace gravity::product_catalog::storefront {

inline Uuid uuid(int n) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = static_cast<std::uint8_t>(n);
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    return Uuid(bytes);
}

inline const Shop shop{.base_url = "https://shop.example", .name = "Cups & Co", .default_lang = "en"};

inline Product shoe() {
    Product p;
    p.id = uuid(1);
    p.lang = "de";
    p.slug = "laufschuh-größe";
    p.title = "Laufschuh \"7\" </script><script>alert(1)</script>";
    p.description = "<p>Leicht &\u2028schnell</p><script>alert(2)</script>";
    p.brand = "Fuß <3";
    p.pictures = {{"https://cdn.example/a.jpg?x=1&y=2", "Von \"vorn\""}, {"javascript:alert(3)", "no"}};
    p.axes = {{"color", "Farbe", {{"red", "Rot"}, {"blue", "Blau"}}}, {"width", "Weite", {{"w", "weit"}}}};
    Variant red;
    red.id = uuid(11);
    red.sku = "RUN-7-RED";
    red.gtin = "04006381333931";
    red.choices = {{"color", {"red", "Rot"}}, {"width", {"w", "weit"}}};
    red.price = Money{8990, "EUR"};
    red.compare_at = Money{9990, "EUR"};
    red.stock = Stock::in_stock;
    red.pictures = {{"https://cdn.example/red.jpg", "rot"}};
    Variant blue = red;
    blue.id = uuid(12);
    blue.sku = "RUN-7-BLUE";
    blue.gtin.reset();
    blue.choices[0].value = {"blue", "Blau"};
    blue.price.reset();
    blue.compare_at.reset();
    blue.stock = Stock::out_of_stock;
    blue.pictures.clear();
    p.variants = {red, blue};
    p.properties = {{"material", "Material", "Leder", std::nullopt}, {"weight", "Gewicht", "0.3", "KGM"}};
    p.breadcrumbs = {{{"Schuhe", "/c/de/schuhe"}, {"Laufschuhe & mehr", ""}}};
    p.alternates = {{"de", p.slug}, {"en", "running-shoe"}};
    p.updated_at = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();
    p.revision = 3;
    return p;
}

inline Product mug() {
    Product p;
    p.id = uuid(2);
    p.lang = "en";
    p.slug = "mug";
    p.title = "Mug";
    p.description = "A mug\n\nof clay";
    p.pictures = {{"https://cdn.example/mug.jpg", "A mug"}};
    Variant only;
    only.id = uuid(21);
    only.sku = "MUG-1";
    only.gtin = "00000040170725";
    only.price = Money{1500, "JPY"};
    p.variants = {only};
    p.properties = {{"material", "Material", "Clay", std::nullopt}, {"volume", "Volume", "0.33", "LTR"}};
    p.alternates = {{"en", "mug"}};
    p.updated_at = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();
    return p;
}

inline Category shoes() {
    Category c;
    c.id = uuid(3);
    c.lang = "de";
    c.slug = "laufschuhe";
    c.title = "Laufschuhe & <mehr>";
    c.description = "<p>Leicht</p><script>alert(4)</script>";
    c.way = {{"Schuhe", "/c/de/schuhe"}};
    c.children = {{"Trail", "/c/en/trail"}};
    c.products = {shoe()};
    c.alternates = {{"de", "laufschuhe"}, {"en", "running-shoes"}};
    c.next = "b+c";
    return c;
}

} // namespace gravity::product_catalog::storefront
