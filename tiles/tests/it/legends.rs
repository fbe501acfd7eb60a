//! Legends: sizes, colours at computed places, and that numbers are there.

use driftline_tiles::{
    AreaLook, AreaStyle, DensityStyle, FieldLook, FieldStyle, LegendSize, LegendSubject, LineStyle, Picture,
    PointStyle, Quantity, Scheme, draw_legend,
};

fn dark(picture: &Picture, columns: std::ops::Range<u32>) -> usize {
    let places = columns.flat_map(|x| (0..picture.height()).map(move |y| (x, y)));
    places
        .filter(|(x, y)| picture.colour(*x, *y).iter().take(3).all(|channel| *channel < 90))
        .count()
}

#[test]
fn a_bar_runs_from_low_below_to_high_above() {
    for quantity in [Quantity::Current, Quantity::Wind, Quantity::WaveHeight] {
        let style = FieldStyle {
            look: FieldLook::Colour,
            ..FieldStyle::of(quantity)
        };
        let picture = draw_legend(&LegendSubject::Field(quantity, &style), LegendSize::default());
        let bar: Vec<[u8; 3]> = (0..picture.height())
            .map(|y| picture.colour(10, y))
            .map(|[r, g, b, _]| [r, g, b])
            .collect();
        let (high, low) = (style.colours.colour(1.0), style.colours.colour(0.0));
        let close = |a: &[u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 8);
        let top = bar.iter().position(|colour| close(colour, high)).unwrap();
        let bottom = bar.iter().rposition(|colour| close(colour, low)).unwrap();
        assert!(bottom - top > 120, "{quantity:?} {top} {bottom}");
        let middle = style.colours.colour(0.5);
        assert!(close(&bar[(top + bottom) / 2], middle), "{quantity:?}");
        // Five numbers and their units stand beside it.
        assert!(dark(&picture, 46..picture.width()) > 150);
    }
}

#[test]
fn knots_stand_beside_metres_per_second() {
    let style = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Wind)
    };
    let with_knots = draw_legend(&LegendSubject::Field(Quantity::Wind, &style), LegendSize::default());
    let metres = draw_legend(
        &LegendSubject::Field(Quantity::WaveHeight, &style),
        LegendSize::default(),
    );
    // Columns of seven pixels: six for metres per second, a blank, seven for knots.
    assert!(dark(&with_knots, 46 + 7 * 7..46 + 14 * 7) > 80);
    // In a legend of waves that column holds nothing but the rest of the title's line.
    assert!(dark(&metres, 46 + 7 * 7..46 + 14 * 7) < dark(&with_knots, 46 + 7 * 7..46 + 14 * 7));
}

#[test]
fn every_legend_has_the_size_it_needs_or_was_asked_for() {
    let (field, density) = (FieldStyle::of(Quantity::Current), DensityStyle::default());
    let areas = AreaStyle {
        look: AreaLook::Filled,
        scheme: Scheme::Night,
    };
    let (points, lines) = (PointStyle { scheme: Scheme::Day }, LineStyle { scheme: Scheme::Night });
    let levels = [0.95, 0.5, 0.9];
    for subject in [
        LegendSubject::Field(Quantity::Current, &field),
        LegendSubject::Density(&density, Some(0.004)),
        LegendSubject::Density(&density, None),
        LegendSubject::Areas(&areas, &levels),
        LegendSubject::Areas(&areas, &[]),
        LegendSubject::Points(&points),
        LegendSubject::Lines(&lines),
    ] {
        let natural = draw_legend(&subject, LegendSize::default());
        let asked = LegendSize {
            width: Some(500),
            height: Some(450),
            pixel_ratio: 1,
        };
        let large = draw_legend(&subject, asked);
        assert_eq!((large.width(), large.height()), (500, 450));
        let tiny = LegendSize {
            width: Some(1),
            height: Some(0),
            pixel_ratio: 1,
        };
        assert_eq!(draw_legend(&subject, tiny), natural);
        let huge = LegendSize {
            width: Some(u32::MAX),
            height: None,
            pixel_ratio: 0,
        };
        assert_eq!(draw_legend(&subject, huge).width(), 16_384);
        let double = draw_legend(
            &subject,
            LegendSize {
                pixel_ratio: 2,
                ..LegendSize::default()
            },
        );
        assert!(double.width() > natural.width() && double.height() > natural.height());
        let opaque = (0..natural.height()).all(|y| (0..natural.width()).all(|x| natural.colour(x, y)[3] == 255));
        assert!(opaque);
        assert!(!natural.to_png().unwrap().is_empty());
    }
}
