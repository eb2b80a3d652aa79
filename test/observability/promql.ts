import { parser } from '@prometheus-io/lezer-promql';

/** A metric that an expression asks for. */
export interface AskedMetric {
  readonly name: string;
  /** Labels that it is filtered by. */
  readonly labels: readonly string[];
  /** Whether a rate or an increase is taken of it: then it has to be a counter. */
  readonly counted: boolean;
}

export interface ReadExpression {
  readonly metrics: readonly AskedMetric[];
  /** Labels that results are grouped by. */
  readonly groupedBy: readonly string[];
}

/** What PromQL asks for, by Prometheus' own grammar. @throws SyntaxError where it is none */
export function readPromql(expression: string): ReadExpression {
  // Grafana's variables stand where Prometheus has durations and texts.
  const text = expression.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'ekbaar');
  const metrics: AskedMetric[] = [];
  const groupedBy: string[] = [];
  const tree = parser.parse(text);
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new SyntaxError(`no PromQL at ${node.from}: ${text}`);
      const inside = (name: string) => {
        const found: string[] = [];
        node.node.cursor().iterate((child) => {
          if (child.name === name) found.push(text.slice(child.from, child.to));
        });
        return found;
      };
      if (node.name === 'GroupingLabels') groupedBy.push(...inside('LabelName'));
      if (node.name !== 'VectorSelector') return;
      const [name = ''] = inside('Identifier');
      const call = node.node.parent?.name === 'MatrixSelector';
      metrics.push({ name, labels: inside('LabelName'), counted: call });
    },
  });
  return { metrics, groupedBy };
}
