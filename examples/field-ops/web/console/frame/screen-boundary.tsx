import { Component, type ReactNode } from 'react';
import { Link } from './router.tsx';

interface ScreenBoundaryProps {
  /** The address: at another one, the screen is tried anew. */
  readonly at: string;
  /** Where one can begin again: the screen without what its address asked of it. */
  readonly back: { readonly to: string; readonly title: string };
  readonly children: ReactNode;
}

interface Tried {
  readonly at: string;
  readonly failed: boolean;
}

/** A screen that throws leaves the console standing: the navigation stays, and so does a way back. */
export class ScreenBoundary extends Component<ScreenBoundaryProps, Tried> {
  static getDerivedStateFromError(): Partial<Tried> {
    return { failed: true };
  }

  static getDerivedStateFromProps({ at }: ScreenBoundaryProps, tried: Tried): Tried | null {
    return tried.at === at ? null : { at, failed: false };
  }

  override state: Tried = { at: this.props.at, failed: false };

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    const { to, title } = this.props.back;
    // It may have failed at the very address that the link leads to.
    const again = () => this.setState({ failed: false });
    return (
      <div className="screen" role="alert">
        <h1>This screen could not be shown</h1>
        <p>Nothing was changed. Something in it, or in its address, is not as the console expects it.</p>
        <p>
          <Link to={to} onFollow={again}>
            Back to {title}
          </Link>
        </p>
      </div>
    );
  }
}
