/**
 * Plots as SVG, drawn here by vega, which is loaded when the first one is asked for: a server that shows none does not hold it.
 * Colours are those of the page's style, so that a plot is dark where the page is. What stands in them is escaped by vega.
 */
import type { Spec } from 'vega'

const WIDTH = 640
const TEXT = { fill: 'currentColor', font: 'system-ui, sans-serif', fontSize: 12 }
const AXIS = {
  labelColor: TEXT.fill,
  labelFont: TEXT.font,
  labelFontSize: TEXT.fontSize,
  domainColor: TEXT.fill,
  tickColor: TEXT.fill,
  gridColor: 'var(--line)',
}
export const COLORS = [1, 2, 3, 4, 5, 6].map((number) => `var(--series-${number})`)

export interface Stack {
  readonly period: string
  readonly series: string
  readonly value: number
}

/** Bars of periods, one upon the other by series. */
export async function stackedBars(rows: readonly Stack[], series: readonly string[]): Promise<string> {
  return await drawn({
    width: WIDTH,
    height: 220,
    padding: 5,
    autosize: { type: 'fit', contains: 'padding' },
    data: [{
      name: 'rows',
      values: rows.map((row) => ({ ...row })),
      transform: [{ type: 'stack', groupby: ['period'], field: 'value' }],
    }],
    scales: [
      { name: 'x', type: 'band', range: 'width', domain: { data: 'rows', field: 'period' }, padding: 0.15 },
      { name: 'y', range: 'height', nice: true, zero: true, domain: { data: 'rows', field: 'y1' } },
      { name: 'color', type: 'ordinal', range: COLORS, domain: [...series] },
    ],
    axes: [
      { ...AXIS, orient: 'bottom', scale: 'x', labelOverlap: true, ticks: false },
      { ...AXIS, orient: 'left', scale: 'y', grid: true, tickCount: 5, format: '~s', domain: false },
    ],
    legends: [{
      fill: 'color',
      orient: 'bottom',
      direction: 'horizontal',
      labelLimit: 0,
      labelColor: TEXT.fill,
      labelFont: TEXT.font,
      labelFontSize: 12,
      columns: 4,
    }],
    marks: [{
      type: 'rect',
      from: { data: 'rows' },
      encode: {
        enter: {
          x: { scale: 'x', field: 'period' },
          width: { scale: 'x', band: 1 },
          y: { scale: 'y', field: 'y0' },
          y2: { scale: 'y', field: 'y1' },
          fill: { scale: 'color', field: 'series' },
        },
      },
    }],
  })
}

export interface Bar {
  readonly name: string
  readonly value: number
}

/** Bars that lie, the first on top. */
export async function lyingBars(rows: readonly Bar[], { format }: { format: string }): Promise<string> {
  return await drawn({
    width: WIDTH,
    height: Math.max(1, rows.length) * 24,
    padding: 5,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: [{ name: 'rows', values: rows.map((row) => ({ ...row })) }],
    scales: [
      { name: 'y', type: 'band', range: 'height', domain: rows.map(({ name }) => name), padding: 0.25 },
      { name: 'x', range: 'width', nice: true, zero: true, domain: { data: 'rows', field: 'value' } },
    ],
    axes: [
      { ...AXIS, orient: 'left', scale: 'y', ticks: false, domain: false, labelLimit: 220 },
      { ...AXIS, orient: 'bottom', scale: 'x', grid: true, tickCount: 5, format, domain: false },
    ],
    marks: [{
      type: 'rect',
      from: { data: 'rows' },
      encode: {
        enter: {
          y: { scale: 'y', field: 'name' },
          height: { scale: 'y', band: 1 },
          x: { scale: 'x', value: 0 },
          x2: { scale: 'x', field: 'value' },
          fill: { value: COLORS[0] ?? 'currentColor' },
        },
      },
    }],
  })
}

async function drawn(spec: Spec): Promise<string> {
  const { parse, View } = await import('vega')
  const view = new View(parse({ ...spec, background: 'transparent' }), { renderer: 'none' })
  try {
    const svg = await view.toSVG()
    return svg.replace(
      /^<svg[^>]*?(viewBox="[^"]*")[^>]*>/,
      '<svg xmlns="http://www.w3.org/2000/svg" aria-hidden="true" $1>',
    )
  } finally {
    view.finalize()
  }
}
