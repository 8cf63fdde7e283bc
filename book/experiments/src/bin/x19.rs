//! X19: ten pages with a picture each, and five thumbnails of every picture.
//!
//! Run with: `cargo run --release -p experiments --bin x19` in `book/` (`--scale 0.1` is quicker).
//!
//! Downloads are waiting, thumbnails are computing. One page after the other costs the sum of
//! both. With all downloads at once on the loop, and the thumbnails on threads as soon as their
//! picture is there, the thumbnails of the early pages are made while the late ones are still
//! awaited: what is seen of all that work is little more than the last picture's.
//!
//! The pages come over TCP from a server on a thread of its own; the pictures are JPEG photographs
//! of nothing, made, read and shrunk by the crate `image`.

// Sizes and colors are positive.
#![allow(clippy::cast_sign_loss)]

use std::error::Error;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use boucle::blocking::BlockingPool;
use boucle::net::{TcpListener, TcpStream};
use boucle::time::sleep;
use boucle::{TaskGroup, block_on, spawn};
use experiments::{Experiment, Options, Outcome, Result, http};
use image::imageops::FilterType;
use image::{ImageFormat, ImageResult, Rgb, RgbImage};

/// How long each page and its picture are awaited, in seconds: ours, and in no order. Together
/// with the thumbnails they make about the 9.7 s of the tutorial.
const WAITS: [f64; 10] = [0.9, 0.4, 1.3, 0.6, 1.5, 0.3, 1.1, 0.7, 1.0, 0.5];

/// The part of a wait that is the page's; the rest is its picture's.
const OF_THE_PAGE: f64 = 0.25;

/// The longer side of each thumbnail, in pixels.
const THUMBNAILS: [u32; 5] = [640, 480, 320, 160, 80];

fn main() -> ExitCode {
    let experiment = Experiment {
        id: "X19",
        what: "10 pages, 50 thumbnails: one by one, hidden",
        theirs: "9.722 4.139 s",
        run: thumbnails,
    };
    experiment.main()
}

fn thumbnails(options: &Options) -> Result<Outcome> {
    let waits = WAITS.map(|seconds| options.scaled(seconds));
    let server = server(options.scale, waits)?;
    let workers = thread::available_parallelism()?.get();

    let clock = Instant::now();
    let mut shrinking = Vec::new();
    let in_a_row = block_on(async {
        let mut made = Vec::new();
        for page in 0..WAITS.len() {
            let picture = download(server, page).await?;
            let clock = Instant::now();
            made.push(shrink(&picture)?);
            shrinking.push(clock.elapsed());
        }
        Ok::<_, Box<dyn Error>>(made)
    })?;
    let one_by_one = clock.elapsed();

    let clock = Instant::now();
    let hidden = block_on(at_once(server, workers))?;
    let overlapped = clock.elapsed();

    if in_a_row != hidden {
        return Err("the thumbnails of the two runs are not the same".into());
    }

    let waiting: Duration = waits.iter().sum();
    let work: Duration = shrinking.iter().sum();
    let longest = waits.iter().copied().max().unwrap_or_default();
    let sum = waiting + work;
    let model = finished(&waits, &shrinking, workers);

    // No load makes a wait shorter; other programs may make all of it longer.
    let close = |measured: Duration, least: Duration, most: Duration| {
        let latest = most.mul_f64(1.35) + Duration::from_millis(40);
        measured >= least.mul_f64(0.98) && measured <= latest
    };
    let ok = close(one_by_one, sum, sum)
        && close(overlapped, longest, model)
        && overlapped < one_by_one / 2;

    let seconds = |time: Duration| format!("{:.3}", time.as_secs_f64());
    let seen = overlapped.saturating_sub(longest);
    Ok(Outcome {
        ours: format!("{} {} s", seconds(one_by_one), seconds(overlapped)),
        expected: format!("{} {} s, work hidden in waiting", seconds(sum), seconds(model)),
        ok,
        details: vec![
            format!(
                "waiting {} s together, {} s the longest; thumbnails {} s together",
                seconds(waiting),
                seconds(longest),
                seconds(work)
            ),
            format!(
                "{} s of that work is seen after the longest wait, {:.0} % is hidden; {workers} threads",
                seconds(seen),
                100.0 * (1.0 - seen.div_duration_f64(work)).max(0.0)
            ),
            format!("{:.1} times as fast (theirs 2.3)", one_by_one.div_duration_f64(overlapped)),
        ],
    })
}

/// All downloads on the loop, each picture to the pool as soon as it is there.
async fn at_once(server: SocketAddr, workers: usize) -> Result<Vec<Vec<Thumbnail>>> {
    let pool = Rc::new(BlockingPool::new(workers));
    let mut group = TaskGroup::new();
    for page in 0..WAITS.len() {
        let pool = pool.clone();
        group.spawn(async move {
            let picture = download(server, page).await?;
            let made = pool.spawn(move || shrink(&picture)).await??;
            Ok::<_, Box<dyn Error>>(made)
        });
    }
    let mut made = Vec::new();
    for page in group.join_all().await {
        made.push(page??);
    }
    Ok(made)
}

/// When all thumbnails are made, if each picture is there after its wait and then taken by the
/// first of the `workers` that is free.
fn finished(waits: &[Duration], work: &[Duration], workers: usize) -> Duration {
    let mut pictures: Vec<_> = waits.iter().copied().zip(work.iter().copied()).collect();
    pictures.sort_unstable();
    let mut free_at = vec![Duration::ZERO; workers];
    for (there, takes) in pictures {
        let earliest = free_at.iter_mut().min().expect("there is a worker");
        *earliest = there.max(*earliest) + takes;
    }
    free_at.into_iter().max().unwrap_or_default()
}

/// A small JPEG.
type Thumbnail = Vec<u8>;

/// Fetches a page, looks for its picture, and fetches that.
async fn download(server: SocketAddr, page: usize) -> io::Result<Vec<u8>> {
    let html = http::get(server, &format!("/page/{page}")).await?;
    let html = String::from_utf8_lossy(&html);
    let source = html.split_once("<img src=\"").and_then(|(_, rest)| rest.split_once('"'));
    let Some((source, _)) = source else {
        return Err(io::Error::other("a page without a picture"));
    };
    http::get(server, source).await
}

/// Five thumbnails of a picture: reads it, shrinks it, writes JPEGs.
fn shrink(picture: &[u8]) -> ImageResult<Vec<Thumbnail>> {
    let picture = image::load_from_memory_with_format(picture, ImageFormat::Jpeg)?;
    let one = |side: &u32| {
        let mut thumbnail = Cursor::new(Vec::new());
        picture
            .resize(*side, *side, FilterType::Triangle)
            .write_to(&mut thumbnail, ImageFormat::Jpeg)?;
        Ok(thumbnail.into_inner())
    };
    THUMBNAILS.iter().map(one).collect()
}

/// Starts the web server, on a thread and a loop of its own, which end with this program.
fn server(scale: f64, waits: [Duration; 10]) -> Result<SocketAddr> {
    let pictures: Vec<Vec<u8>> =
        (0..WAITS.len()).map(|page| photograph(page, scale)).collect::<ImageResult<_>>()?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("web server".into()).spawn(move || -> io::Result<()> {
        block_on(async {
            let listener = TcpListener::from_std(listener)?;
            let site = Rc::new(Site { waits, pictures });
            loop {
                let (stream, _peer) = listener.accept().await?;
                drop(spawn(serve(stream, site.clone())));
            }
        })
    })?;
    Ok(address)
}

/// What the server has to offer.
struct Site {
    waits: [Duration; 10],
    pictures: Vec<Vec<u8>>,
}

/// One connection: one request, one response.
async fn serve(stream: TcpStream, site: Rc<Site>) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let mut filled = 0;
    let path = loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        if let Some(request) = http::request(&buffer[..filled])? {
            break request.path.to_owned();
        }
    };

    let known =
        |number: &str| number.parse::<usize>().ok().filter(|page| *page < site.pictures.len());
    let (body, wait) = if let Some(page) = path.strip_prefix("/page/").and_then(known) {
        let html = format!("<h1>Page {page}</h1><img src=\"/picture/{page}\">");
        (html.into_bytes(), site.waits[page].mul_f64(OF_THE_PAGE))
    } else if let Some(page) = path.strip_prefix("/picture/").and_then(known) {
        (site.pictures[page].clone(), site.waits[page].mul_f64(1.0 - OF_THE_PAGE))
    } else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    };
    sleep(wait).await;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await
}

/// A JPEG with smooth parts and fine ones, as a photograph has them; each page has another.
fn photograph(page: usize, scale: f64) -> ImageResult<Vec<u8>> {
    let side = scale.sqrt();
    let (width, height) = ((2048.0 * side) as u32, (1536.0 * side) as u32);
    let phase = page as f32;
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let wave = |frequency: f32| 0.5 + 0.5 * (frequency * (x * x + y) + phase).sin();
        Rgb([wave(5.0), wave(40.0), wave(300.0)].map(|level| (255.0 * level) as u8))
    });
    let mut jpeg = Cursor::new(Vec::new());
    picture.write_to(&mut jpeg, ImageFormat::Jpeg)?;
    Ok(jpeg.into_inner())
}
